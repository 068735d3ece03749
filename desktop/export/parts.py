"""Parts of a song that an export writes, each to a file of its own: which lanes are in it, and at which gains."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop.analysis.beat_grid import BeatGrid
from desktop.audio.stems import stem_title
from desktop.export.ni_stem_tracks import can_fold
from desktop.export.settings import ExportKind, ExportSettings
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains
from desktop.playback.mix import LaneMix, Master, Mix
from desktop.playback.song_state import SongState

_SILENT = (0.0, 0.0)
_MAX_MIX_TITLE_LENGTH = 30
"""Characters of the longest title that names the stems of a mix; file names have room for no more."""


@dataclass(frozen=True)
class Part:
    """One file of a song."""

    title: str
    """Such as "Vocals", "Mix" or "No vocals", which names the file, and its audio in tags; empty for a stem file."""
    gains: Gains
    """Of the lanes that `desktop.playback.rendering` mixes."""
    stems: tuple[tuple[str, Gains], ...] = ()
    """Names and gains of the stems that a stem file has beside its mix; empty for other files."""


def song_parts(stem_names: Sequence[str], state: SongState, settings: ExportSettings) -> list[Part]:
    """Return the parts of a song with the stems `stem_names`, left in `state` by the user, in the order of the stems.

    Stems that the player's mix silences are left out. The click is part of a mix with the player's levels, if it is on.
    A stem file has neither the click nor the limiter, so that its mix is the sum of its stems. There is no part if the
    song has none of the stems in the settings, and no stem file if it has stems that have no place in it.
    """
    gains = Gains.of(applied_state(state, settings), stem_names)
    wanted = stem_names if settings.stems is None else [name for name in stem_names if name in settings.stems]
    lanes = [stem_names.index(name) for name in wanted]
    if settings.kind is ExportKind.MIX:
        return [Part(_mix_title(wanted, len(stem_names)), _only(gains, lanes, len(stem_names)))] if wanted else []
    if settings.kind is ExportKind.MINUS:
        return [Part(f"No {_spoken_title(stem_names[lane])}", _without(gains, lane)) for lane in lanes]
    # A limiter that works on each stem by itself would change the sum of the stems.
    alone = gains._replace(has_limiter=False)
    if settings.kind is ExportKind.NI_STEM:
        return [_stem_file(stem_names, alone, lanes)] if wanted and can_fold(stem_names) else []
    audible = [lane for lane in lanes if gains.lanes[lane] != _SILENT]
    return [Part(stem_title(stem_names[lane]), _only(alone, [lane], len(gains.lanes))) for lane in audible]


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


def _stem_file(stem_names: Sequence[str], gains: Gains, lanes: Sequence[int]) -> Part:
    stems = tuple((stem_names[lane], _only(gains, [lane], len(gains.lanes))) for lane in lanes)
    return Part("", _only(gains, lanes, len(gains.lanes)), stems)


def _mix_title(stems: Sequence[str], stem_count: int) -> str:
    """Return "Drums + bass" for a mix of some stems, and "Mix" for one of all, or of more than a name has room for."""
    first, *others = (_spoken_title(stem) for stem in stems)
    title = " + ".join((stem_title(first), *others))
    return title if len(stems) < stem_count and len(title) <= _MAX_MIX_TITLE_LENGTH else "Mix"


def _only(gains: Gains, kept: Sequence[int], lane_count: int) -> Gains:
    """Silence each of the first `lane_count` lanes that is not one of `kept`."""
    lanes = [each if number in kept or number >= lane_count else _SILENT for number, each in enumerate(gains.lanes)]
    return gains._replace(lanes=lanes)


def _without(gains: Gains, lane: int) -> Gains:
    lanes = [_SILENT if number == lane else each for number, each in enumerate(gains.lanes)]
    return gains._replace(lanes=lanes)


def _spoken_title(stem: str) -> str:
    return stem.replace("_", " ")
