"""Lyrics as text: what LRC files of other programs say is understood, and what Unbraid writes is read back."""

import pytest

from desktop.lyrics.lines import LyricLine
from desktop.lyrics.lrc import choose_best, decode_lyrics, format_lrc, parse_lyrics

SONG = """\
[ti:Night Drive]
[ar:Mara Lind]
[offset:+500]

[00:12.50]First line
[01:02.25][00:20]Chorus: again [softly]
[00:15.000]<00:15.00>Word <00:15.50>by <00:16.00>word
[00:30.10]
"""


def test_lines_of_an_lrc_file_are_sorted_by_their_times_which_the_offset_makes_earlier() -> None:
    assert parse_lyrics(SONG) == (
        LyricLine("First line", 12.0),
        LyricLine("Word by word", 14.5),
        LyricLine("Chorus: again [softly]", 19.5),
        LyricLine("", pytest.approx(29.6)),
        LyricLine("Chorus: again [softly]", 61.75),
    )


def test_offset_never_moves_a_line_before_the_beginning_and_may_be_negative() -> None:
    assert [line.time_s for line in parse_lyrics("[offset: 2000]\n[00:01.00]a\n[00:03.00]b")] == [0.0, 1.0]
    assert [line.time_s for line in parse_lyrics("[offset:-250]\n[00:01.00]a")] == [1.25]
    assert [line.time_s for line in parse_lyrics("[offset:soon]\n[00:01.00]a")] == [1.0]


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("[1:02]", 62.0), ("[01:02.5]", 62.5), ("[01:02.125]", 62.125), ("[01:02:50]", 62.5), ("[1:00:02.50]", 3602.5)],
)
def test_every_usual_form_of_a_time_is_read(time: str, seconds: float) -> None:
    assert parse_lyrics(f"{time} words") == (LyricLine("words", seconds),)


def test_plain_text_keeps_its_verses_and_has_no_times() -> None:
    lines = parse_lyrics("\n\n[Chorus]\nOne\tline\r\n\n  Two: lines  \n\n")
    assert lines == tuple(LyricLine(text) for text in ("[Chorus]", "One line", "", "Two: lines"))


def test_untimed_line_stays_behind_the_line_before_it() -> None:
    lines = parse_lyrics("[00:20.00]b\n(ooh)\n[00:10.00]a\n")
    assert [line.text for line in lines] == ["a", "b", "(ooh)"]
    assert lines[2].time_s is None


def test_what_is_written_is_read_back() -> None:
    lines = (LyricLine("a", 0.0), LyricLine("", 59.99), LyricLine("ö 字", 61.5), LyricLine("end", 3725.25))
    assert parse_lyrics(format_lrc(lines)) == lines
    assert format_lrc(lines).splitlines()[2] == "[01:01.50]ö 字"
    plain = (LyricLine("a"), LyricLine(""), LyricLine("b"))
    assert parse_lyrics(format_lrc(plain)) == plain


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_of_every_usual_encoding_is_decoded(encoding: str) -> None:
    assert decode_lyrics("[00:01.00]Füße “so”".encode(encoding)) == "[00:01.00]Füße “so”"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "[" * 10_000, "[99999999:00]", "\u202e" * 100, "[00:01.00]" * 3000, "x" * 10**6, "\n" * 10**5]
)
def test_hostile_text_gives_few_short_lines_of_printable_text(text: str) -> None:
    lines = parse_lyrics(text)
    assert len(lines) <= 5000
    assert all(len(line.text) <= 500 and (not line.text or line.text.isprintable()) for line in lines)


def test_lyrics_with_times_are_better_than_the_first_plain_ones() -> None:
    assert choose_best(["", "plain", "[00:01.00]timed"]) == (LyricLine("timed", 1.0),)
    assert choose_best(["", "plain", "other"]) == (LyricLine("plain"),)
    assert choose_best(["\n"]) == ()


def test_blank_lines_between_timed_ones_are_kept_where_the_user_wrote_them() -> None:
    text = "\n[00:01.00]a\n\n[00:02.00]b\n\n"
    assert parse_lyrics(text) == (LyricLine("a", 1.0), LyricLine("b", 2.0))
    assert parse_lyrics(text, keeps_blank_lines=True) == (LyricLine("a", 1.0), LyricLine(""), LyricLine("b", 2.0))


def test_what_is_no_time_stays_part_of_the_words() -> None:
    lines = parse_lyrics("[00:01.00]a\n[1:xx] b\n[Chorus]")
    assert lines == (LyricLine("a", 1.0), LyricLine("[1:xx] b"), LyricLine("[Chorus]"))
