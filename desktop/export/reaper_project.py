"""Project of Reaper (.rpp): a text with one statement in each line, and blocks between "<" and ">"."""

from collections.abc import Iterable

from desktop.export.project import DawProject, ProjectTrack
from desktop.export.tempo_map import TempoPoint

_VERSION = '0.1 "6.0" 0'
"""Of the format and of the program, and the time of saving."""
_SOURCE_KINDS = {".wav": "WAVE", ".flac": "FLAC"}
_IS_REGION = 1
# Of a point of the tempo: constant until the next one; it sets tempo and bar.
_CONSTANT, _TEMPO_AND_BAR = 1, 1
_CUSTOM_COLOUR = 0x1000000


def format_reaper_project(project: DawProject) -> str:
    """Return the content of the project file."""
    first = project.tempo_map.points[0]
    lines = [
        f"TEMPO {first.bpm:.10f} {first.beats_per_bar} 4",
        f"SAMPLERATE {project.tracks[0].sample_rate} 0 0",
        *_loop_lines(project),
        *_block("TEMPOENVEX", ["ACT 1 -1", "VIS 1 0 1", "DEFSHAPE 1 -1 -1", *_tempo_lines(project)]),
        *(
            f"MARKER {number} {marker.time_s:.9f} {_quote(marker.name)} 0"
            for number, marker in enumerate(project.sections, 1)
        ),
    ]
    for track in project.tracks:
        lines += _block("TRACK", _track_lines(track))
    return "\n".join((*_block(f"REAPER_PROJECT {_VERSION}", lines), ""))


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"<{head}", *(f"  {line}" for line in lines), ">"]


def _loop_lines(project: DawProject) -> list[str]:
    loop = project.loop
    if loop is None:
        return []
    number = len(project.sections) + 1
    return [
        "LOOP 1",
        f"SELECTION {loop.start_s:.9f} {loop.end_s:.9f}",
        f"SELECTION2 {loop.start_s:.9f} {loop.end_s:.9f}",
        f"MARKER {number} {loop.start_s:.9f} {_quote(loop.name or 'Loop')} {_IS_REGION}",
        f'MARKER {number} {loop.end_s:.9f} "" {_IS_REGION}',
    ]


def _tempo_lines(project: DawProject) -> list[str]:
    changes = project.tempo_map.bar_changes
    return [_tempo_line(point, point in changes) for point in project.tempo_map.points]


def _tempo_line(point: TempoPoint, has_bar: bool) -> str:
    line = f"PT {point.second:.12f} {point.bpm:.10f} {_CONSTANT}"
    # Four quarter notes are 4 in the upper 16 bits, which name the note, and 4 in the lower ones.
    return f"{line} {(4 << 16) + point.beats_per_bar} 0 {_TEMPO_AND_BAR}" if has_bar else line


def _track_lines(track: ProjectTrack) -> list[str]:
    red, green, blue = bytes.fromhex(track.colour.removeprefix("#"))
    name = _quote(track.file_name)
    kind = next((kind for suffix, kind in _SOURCE_KINDS.items() if track.file_name.endswith(suffix)), "WAVE")
    source = _block(f"SOURCE {kind}", [f"FILE {name}"])
    item = ["POSITION 0", f"LENGTH {track.seconds:.9f}", "LOOP 0", f"NAME {name}", *source]
    return [
        f"NAME {_quote(track.title)}",
        f"PEAKCOL {_CUSTOM_COLOUR | blue << 16 | green << 8 | red}",
        *_block("ITEM", item),
    ]


def _quote(text: str) -> str:
    """Return a text in the first kind of quotes that it does not have, in one line."""
    text = " ".join(text.split())
    quote = next((each for each in "\"'`" if each not in text), None)
    return f"{quote}{text}{quote}" if quote else f"`{text.replace('`', chr(39))}`"
