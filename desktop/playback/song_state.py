"""State of a song in the player, as one frozen value that is kept with the song."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from desktop.analysis.edits import AnalysisEdits
from desktop.lyrics.lines import LyricLine
from desktop.playback.mix import Cents, Master, Mix
from desktop.playback.practice import MAX_COUNT_IN_BARS, Click, Loop, Marker, Second, SpeedPercent, SpeedTrainer

SNAPSHOTS = ("A", "B", "C", "D")
"""Names of the snapshots of the mix."""


@dataclass(frozen=True)
class LaneLook:
    """How the user wants a lane to look."""

    title: str = ""
    """Empty for the stem's own name."""
    colour: str = ""
    """Name of a `Colour` of the palette; empty for the stem's own."""
    height: Annotated[int, Meta(ge=0, le=2000)] = 0
    """Height in logical pixels; 0 for a share of the height that is there."""


@dataclass(frozen=True)
class View:
    """Part of the song in view, and how it is drawn."""

    start_s: Second = 0.0
    end_s: Second | None = None
    """None shows the whole song."""
    is_spectrogram: bool = False
    follows_playhead: bool = True
    snaps_to_beats: bool = True
    """Whether loops and markers begin and end at beats."""


@dataclass(frozen=True)
class SongState:
    """State of a song in the player: what the user set, and where they are."""

    mixes: Mapping[str, Mix] = field(default_factory=dict[str, Mix])
    """Mix of each snapshot by name; one that was never used is missing."""
    snapshot: Annotated[str, Meta(pattern="^[ABCD]$")] = SNAPSHOTS[0]
    """Name of the snapshot that is heard, and that changes of the mix go to."""
    master: Master = field(default_factory=Master)
    loops: tuple[Loop, ...] = ()
    loop_index: Annotated[int, Meta(ge=0)] | None = None
    """Index of the chosen loop; None if there is none."""
    is_looping: bool = False
    """Whether the chosen loop repeats."""
    markers: tuple[Marker, ...] = ()
    """In ascending order."""
    speed_percent: SpeedPercent = 100.0
    cents: Cents = 0
    """Transposition of the song."""
    trainer: SpeedTrainer | None = None
    """While it is set and a loop repeats, it decides the speed."""
    click: Click = field(default_factory=Click)
    count_in_bars: Annotated[int, Meta(ge=0, le=MAX_COUNT_IN_BARS)] = 0
    edits: AnalysisEdits = field(default_factory=AnalysisEdits)
    lyrics: tuple[LyricLine, ...] | None = None
    """Lyrics that the user edited; None for those of the file."""
    looks: Mapping[str, LaneLook] = field(default_factory=dict[str, LaneLook])
    view: View = field(default_factory=View)
    playhead_s: Second = 0.0

    @property
    def mix(self) -> Mix:
        """Mix of the snapshot that is heard."""
        return self.mixes.get(self.snapshot, Mix())

    def with_mix(self, mix: Mix) -> "SongState":
        """Return this state with another mix in the snapshot that is heard."""
        return replace(self, mixes={**self.mixes, self.snapshot: mix})

    def with_snapshot(self, name: str) -> "SongState":
        """Return this state with another snapshot heard; one that was never used begins with the current mix."""
        return replace(self, snapshot=name, mixes={self.snapshot: self.mix, name: self.mix, **self.mixes})

    def with_view(self, **changes: Any) -> "SongState":
        """Return this state with other values of the view."""
        return replace(self, view=replace(self.view, **changes))

    @property
    def loop(self) -> Loop | None:
        """The chosen loop."""
        is_valid = self.loop_index is not None and self.loop_index < len(self.loops)
        return self.loops[self.loop_index] if is_valid and self.loop_index is not None else None

    @property
    def repeated_loop(self) -> Loop | None:
        """The loop that repeats; None if playback runs through."""
        return self.loop if self.is_looping else None

    def with_navigation_of(self, other: "SongState") -> "SongState":
        """Return this state with the playhead and the view of `other`: undo does not move the user."""
        return replace(self, playhead_s=other.playhead_s, view=other.view)

    def to_json(self) -> bytes:
        """Return the state as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, values: bytes) -> "SongState":
        """Return the state that `to_json` described, now or in an earlier version. Raises ValueError."""
        raw: Any = msgspec.json.decode(values)
        if isinstance(raw, dict) and "lanes" in raw:  # once, a state was one mix and a playhead
            raw = {"mixes": {SNAPSHOTS[0]: {"lanes": raw["lanes"]}}, "playhead_s": raw.get("playhead_s", 0.0)}
        return msgspec.convert(raw, cls)

    @classmethod
    def salvage(cls, values: bytes) -> "SongState":
        """Return a state with those fields of a JSON object that are as `to_json` writes them. Raises ValueError."""
        raw: Any = msgspec.json.decode(values)
        found = dict[str, Any]()
        for name in (each.name for each in fields(cls) if isinstance(raw, dict) and each.name in raw):
            with suppress(ValueError):
                found[name] = getattr(msgspec.convert({name: raw[name]}, cls), name)
        return cls(**found)


def read_song_state(path: Path) -> SongState:
    """Return the state in a file, or what of a damaged one can be read; the initial one if there is none."""
    try:
        values = path.read_bytes()
    except OSError:
        return SongState()
    for parse in (SongState.from_json, SongState.salvage):
        with suppress(ValueError, RecursionError):
            return parse(values)
    return SongState()
