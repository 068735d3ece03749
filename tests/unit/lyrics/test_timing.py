"""Which line is sung at a time, and lines that are timed by ear."""

from desktop.lyrics.lines import LyricLine
from desktop.lyrics.timing import LyricTimeline, set_line_time

LINES = (LyricLine("a", 1.0), LyricLine("(ooh)"), LyricLine("b", 2.0), LyricLine("c", 2.0), LyricLine("d", 4.0))


def test_line_is_sung_from_its_time_to_that_of_the_next_one_with_a_time() -> None:
    timeline = LyricTimeline(LINES)
    assert [timeline.index_at(second) for second in (0.99, 1.0, 1.9, 2.0, 3.9, 400)] == [None, 0, 0, 3, 3, 4]


def test_no_line_is_sung_where_none_has_a_time() -> None:
    assert LyricTimeline(()).index_at(1.0) is None
    assert LyricTimeline((LyricLine("a"),)).index_at(1.0) is None


def test_set_time_is_rounded_to_hundredths_and_changes_no_other_that_agrees_with_it() -> None:
    assert set_line_time(LINES, 1, 1.23456) == (LINES[0], LyricLine("(ooh)", 1.23), *LINES[2:])


def test_times_that_contradict_a_new_one_are_cleared_and_no_line_moves() -> None:
    later = set_line_time(LINES, 0, 3.0)
    assert later == (LyricLine("a", 3.0), LINES[1], LyricLine("b"), LyricLine("c"), LINES[4])
    earlier = set_line_time(LINES, 4, 1.5)
    assert earlier == (LINES[0], LINES[1], LyricLine("b"), LyricLine("c"), LyricLine("d", 1.5))
