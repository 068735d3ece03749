"""Parts of a song that an export writes, each to a file of its own: which lanes are in it, and at which gains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop.analysis.beat_grid import BeatGrid
from desktop.audio.stems import stem_title
from desktop.export.settings import ExportKind, ExportSettings
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.song_state import SongState

_SILENT = (0.0, 0.0)


@dataclass(frozen=True)
class Part:
    """One file of a song."""

    title: str
    """Such as "Vocals", "Mix" or "No vocals", which names the file, and its audio in tags."""
    gains: Gains
    """Of the lanes that `desktop.playback.rendering` mixes."""


def song_parts(stem_names: Sequence[str], state: SongState, settings: ExportSettings) -> list[Part]:
    """Return the parts of a song with the stems `stem_names`, left in `state` by the user, in the order of the stems.

    Stems that the player's mix silences are left out. The click is part of a mix with the player's levels, if it is on.
    """
    gains = Gains.of(applied_state(state, settings), stem_names)
    if settings.kind is ExportKind.MIX:
        return [Part("Mix", gains)]
    wanted = stem_names if settings.stems is None else [name for name in stem_names if name in settings.stems]
    lanes = [stem_names.index(name) for name in wanted]
    if settings.kind is ExportKind.MINUS:
        return [Part(f"No {_spoken_title(stem_names[lane])}", _without(gains, lane)) for lane in lanes]
    # A limiter that works on each stem by itself would change the sum of the stems.
    audible = [lane for lane in lanes if gains.lanes[lane] != _SILENT]
    return [Part(stem_title(stem_names[lane]), _only(gains, lane)) for lane in audible]


def applied_state(state: SongState, settings: ExportSettings) -> SongState:
    """Return `state` with what the settings do not apply as it is in a song that was never touched."""
    if not settings.applies_levels:
        state = replace(state, mixes={}, master=Master(), click=replace(state.click, is_on=False))
    if not settings.applies_practice:
        lanes = {name: replace(lane, cents=LaneMix().cents) for name, lane in state.mix.lanes.items()}
        state = replace(state.with_mix(Mix(lanes)), speed_percent=100.0, cents=0)
    return state


def chain_settings(
    stem_names: Sequence[str], state: SongState, settings: ExportSettings, grid: BeatGrid | None
) -> ChainSettings:
    """Return how the song with the beats `grid` is read for its parts."""
    return ChainSettings.of(applied_state(state, settings), stem_names, grid)


def _only(gains: Gains, lane: int) -> Gains:
    lanes = [each if number == lane else _SILENT for number, each in enumerate(gains.lanes)]
    return Gains(gains.master, lanes, has_limiter=False)


def _without(gains: Gains, lane: int) -> Gains:
    lanes = [_SILENT if number == lane else each for number, each in enumerate(gains.lanes)]
    return gains._replace(lanes=lanes)


def _spoken_title(stem: str) -> str:
    return stem.replace("_", " ")
