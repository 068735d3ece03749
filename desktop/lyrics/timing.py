"""Times of lines of lyrics: which line is sung at a time, and the timing of lines by ear."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from desktop.lyrics.lines import LyricLine


class LyricTimeline:
    """Finds the line that is sung at a time."""

    def __init__(self, lines: Sequence[LyricLine]) -> None:
        """Lines without a time are never found."""
        timed = sorted((line.time_s, index) for index, line in enumerate(lines) if line.time_s is not None)
        self._times = [time_s for time_s, _ in timed]
        self._indices = [index for _, index in timed]

    def index_at(self, second: float) -> int | None:
        """Return the index of the last line that has begun at `second`; None before the first."""
        number = bisect_right(self._times, second)
        return self._indices[number - 1] if number else None


def set_line_time(lines: Sequence[LyricLine], index: int, second: float) -> tuple[LyricLine, ...]:
    """Return the lines with the time of one of them set, rounded to hundredths as in LRC files.

    Lines stay in the order in which they are sung. Times that contradict the new one are wrong, because it was heard:
    they are cleared.
    """
    time_s = round(second, 2)

    def fix(number: int, line: LyricLine) -> LyricLine:
        if number == index:
            return replace(line, time_s=time_s)
        is_wrong = line.time_s is not None and (line.time_s > time_s if number < index else line.time_s < time_s)
        return replace(line, time_s=None) if is_wrong else line

    return tuple(fix(number, line) for number, line in enumerate(lines))
