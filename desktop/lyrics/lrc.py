"""Lyrics as text: LRC files with the times of lines, and plain text.

LRC has no standard. This follows https://en.wikipedia.org/wiki/LRC_(file_format): `[mm:ss.xx]` before a line, several of
them before a line that is sung several times, `<mm:ss.xx>` before words, and tags such as `[ar:…]` and `[offset:…]`.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable

from desktop.lyrics.lines import LyricLine

MAX_LINES, MAX_LINE_CHARS = 5000, 500
"""More than any song has; what is beyond is left out."""
_TIME = r"(\d{1,4}):(\d{1,2})(?::(\d{1,2}))?(?:\.(\d{1,3}))?"
_LINE_TIMES = re.compile(rf"(?:\s*\[{_TIME}\])+")
_LINE_TIME = re.compile(rf"\[{_TIME}\]")
_WORD_TIME = re.compile(rf"<{_TIME}>")
_TAG = re.compile(r"\[(ti|ar|al|au|lr|by|re|ve|la|tool|length|offset|#)\s*:(.*)\]", re.IGNORECASE)


def decode_lyrics(data: bytes) -> str:
    """Return the text of a file in UTF-8, in UTF-16 with a byte order mark, or else in Windows-1252."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def parse_lyrics(text: str, keeps_blank_lines: bool = False) -> tuple[LyricLine, ...]:
    """Return the lines of an LRC file in ascending order, or those of a plain text, whose times are unknown.

    `keeps_blank_lines` keeps blank lines without a time between lines that have one: the user put them between verses,
    while many files have one after each line.
    """
    raw_lines, offset_s = _split_tags(text)
    timed = [(times, _clean(words)) for times, words in map(_split_times, raw_lines)]
    if not any(times for times, _ in timed):
        return _strip_blank_lines([LyricLine(words) for _, words in timed])
    found: list[tuple[float, LyricLine]] = []
    previous_s = 0.0
    for times, words in timed:
        for time_s in times:
            previous_s = max(0.0, time_s - offset_s)
            found.append((previous_s, LyricLine(words, previous_s)))
        if not times and (words or keeps_blank_lines):  # stays behind the line before it
            found.append((previous_s, LyricLine(words)))
    return _strip_blank_lines([line for _, line in sorted(found, key=lambda item: item[0])])


def format_lrc(lines: Iterable[LyricLine]) -> str:
    """Return the lines as an LRC file, with times in hundredths of a second; lines without a time as plain text."""
    return "".join(f"{_format_time(line.time_s)}{line.text}\n" for line in lines)


def _split_tags(text: str) -> tuple[list[str], float]:
    """Return the lines that are no tags, and the seconds by which all lines are earlier than their times say."""
    lines, offset_s = list[str](), 0.0
    for line in text.splitlines()[:MAX_LINES]:
        tag = _TAG.fullmatch(line.strip())
        if tag is None:
            lines.append(line)
        elif tag[1].lower() == "offset" and re.fullmatch(r"\s*[+-]?\d{1,7}\s*", tag[2]):
            offset_s = int(tag[2]) / 1000
    return lines, offset_s


def _split_times(line: str) -> tuple[list[float], str]:
    """Return the times in seconds at the beginning of a line, and its words."""
    prefix = _LINE_TIMES.match(line)
    if prefix is None:
        return [], line
    return [_to_seconds(time) for time in _LINE_TIME.finditer(prefix[0])], line[prefix.end() :]


def _to_seconds(time: "re.Match[str]") -> float:
    first, second, third, fraction = time.groups()
    if third is None:
        whole, decimals = int(first) * 60 + int(second), fraction
    elif fraction is None:  # [mm:ss:xx]
        whole, decimals = int(first) * 60 + int(second), third
    else:  # [hh:mm:ss.xx]
        whole, decimals = int(first) * 3600 + int(second) * 60 + int(third), fraction
    return whole + (int(decimals) / 10 ** len(decimals) if decimals else 0.0)


def _format_time(time_s: float | None) -> str:
    if time_s is None:
        return ""
    minutes, hundredths = divmod(round(time_s * 100), 6000)
    return f"[{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}]"


def _clean(words: str) -> str:
    """Return a line without times of words and without characters that cannot be shown."""
    without_times = _WORD_TIME.sub("", words)
    printable = "".join(character if character.isprintable() else " " for character in without_times)
    return " ".join(printable.split())[:MAX_LINE_CHARS]


def _strip_blank_lines(lines: list[LyricLine]) -> tuple[LyricLine, ...]:
    """Return the lines without blank ones at the beginning and the end, unless they have a time."""
    with_words = [index for index, line in enumerate(lines) if line.text or line.time_s is not None]
    return tuple(lines[with_words[0] : with_words[-1] + 1]) if with_words else ()


def choose_best(texts: Iterable[str]) -> tuple[LyricLine, ...]:
    """Return the lines of the first text that has times, or else of the first that has any lines."""
    parsed = [lines for lines in map(parse_lyrics, texts) if lines]
    timed = (lines for lines in parsed if any(line.time_s is not None for line in lines))
    return next(timed, parsed[0] if parsed else ())
