"""What the settings of the player mean for the songs of an export, as texts of the export dialog."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop.audio.names import printable
from desktop.export.settings import ExportKind
from desktop.playback.song_state import SongState
from desktop.text.durations import format_duration_tenths
from desktop.text.message import tr, tr_count
from desktop.text.transposition import format_transposition
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.pages.player.pitch_groups import format_speed
from desktop.ui.widgets.text_escaping import escape_menu_text

_MAX_NAME_LENGTH = 32
"""Characters of the name of a loop."""


@dataclass(frozen=True)
class ApplyText:
    """Text of a check box that applies something of the player."""

    text: str
    """Text of the check box, with `&` before its letter."""
    detail: str
    """More about it, or why there is nothing to apply."""
    is_available: bool


def levels_text(songs: Sequence[ExportSong], kind: ExportKind) -> ApplyText:
    """Return the text for levels, pan, mutes and master, and for the click of a mix."""
    changed = [song for song in songs if song.has_levels(kind)]
    if not changed:
        return ApplyText(tr("Le&vels, pan and mutes"), tr("Not changed in the player"), False)
    if len(songs) > 1:
        return ApplyText(tr("Le&vels, pan and mutes"), _changed_count_text(len(changed)), True)
    state = songs[0].state
    if kind is ExportKind.MIX and state.click.is_on:
        return ApplyText(tr("Le&vels, pan, mutes and click of Mix {name}", name=state.snapshot), "", True)
    return ApplyText(tr("Le&vels, pan and mutes of Mix {name}", name=state.snapshot), "", True)


def practice_text(songs: Sequence[ExportSong]) -> ApplyText:
    """Return the text for speed and key."""
    changed = [song for song in songs if song.has_practice]
    if not changed:
        return ApplyText(tr("Speed and &key"), tr("Not changed in the player"), False)
    if len(songs) > 1:
        return ApplyText(tr("Speed and &key"), _changed_count_text(len(changed)), True)
    detail = tr("Some stems have a key of their own") if songs[0].has_lane_keys else ""
    return ApplyText(_practice_text_of(songs[0].state), detail, True)


def loop_text(songs: Sequence[ExportSong]) -> ApplyText:
    """Return the text for the loop."""
    count = sum(song.loop is not None for song in songs)
    if not count:
        return ApplyText(tr("&Loop only"), tr("No loop is chosen"), False)
    if len(songs) > 1:
        detail = tr_count(
            "{count} song has a loop, the others are whole", "{count} songs have a loop, the others are whole", count
        )
        if count == len(songs):
            detail = tr("Every song has a loop")
        return ApplyText(tr("&Loop only"), detail, True)
    loop = songs[0].loop
    assert loop is not None
    start, end = format_duration_tenths(loop.start_s), format_duration_tenths(loop.end_s)
    times = tr("{start} – {end}", start=start, end=end)
    if not loop.name:
        return ApplyText(tr("&Loop only"), times, True)
    return ApplyText(
        tr("&Loop “{name}” only", name=escape_menu_text(printable(loop.name, _MAX_NAME_LENGTH))), times, True
    )


ApplyTextOf = Callable[[Sequence[ExportSong], ExportKind], ApplyText]
APPLY_TEXTS: dict[str, ApplyTextOf] = {
    "applies_levels": levels_text,
    "applies_practice": lambda songs, _: practice_text(songs),
    "is_loop_only": lambda songs, _: loop_text(songs),
}
"""Function that makes the text, by the field of `ExportSettings` that the check box sets."""


def _practice_text_of(state: SongState) -> str:
    speed, key = format_speed(state.speed_percent), format_transposition(state.cents)
    if state.speed_percent == 100:
        return tr("&Key {key}", key=key) if state.cents else tr("&Key of single stems")
    return tr("Speed {speed} and &key {key}", speed=speed, key=key) if state.cents else tr("Speed {speed}", speed=speed)


def _changed_count_text(count: int) -> str:
    return tr_count("Changed in {count} song", "Changed in {count} songs", count)
