"""Boxes of MP4 files are found and changed; damaged files are no error and take no time."""

import io
import struct

import pytest

from desktop.audio.mp4_boxes import Box, edit_box, edit_movie_header, find_box, read_movie_header, split_boxes

NAME = Box(b"name", b"song")
META = Box(b"meta", bytes(4) + Box(b"ilst", NAME.to_bytes()).to_bytes())  # has four bytes before its boxes
HEADER = Box(b"udta", META.to_bytes()).to_bytes() + Box(b"trak", b"").to_bytes()
PATH = (b"udta", b"meta", b"ilst", b"name")


def make_file(header: bytes, audio: bytes = b"audio") -> io.BytesIO:
    return io.BytesIO(
        Box(b"ftyp", b"M4A ").to_bytes() + Box(b"mdat", audio).to_bytes() + Box(b"moov", header).to_bytes()
    )


def test_boxes_are_found_by_their_path() -> None:
    assert [box.kind for box in split_boxes(HEADER)] == [b"udta", b"trak"]
    assert find_box(HEADER, PATH) == b"song"
    assert find_box(HEADER, (b"udta", b"none")) is None
    assert find_box(HEADER, (b"trak",)) == b""


def test_sizes_around_a_changed_box_are_adapted_and_other_boxes_stay() -> None:
    changed = edit_box(HEADER, PATH, lambda name: name + b" two")
    assert find_box(changed, PATH) == b"song two"
    assert len(changed) == len(HEADER) + 4
    assert split_boxes(changed)[1] == split_boxes(HEADER)[1]


def test_missing_boxes_are_added_at_the_end() -> None:
    changed = edit_box(b"", PATH, lambda name: name + b"new")
    assert find_box(changed, PATH) == b"new"
    assert [box.kind for box in split_boxes(edit_box(HEADER, (b"stem",), lambda _: b"{}"))][-1] == b"stem"


@pytest.mark.parametrize("data", [b"\0\0\0\x07abcd", b"\0\0\0\x09abcd", b"\xff\xff\xff\xffabcd"])
def test_data_that_does_not_consist_of_boxes_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="a box of"):
        split_boxes(data)


def test_header_of_a_file_is_found_behind_audio_of_any_size() -> None:
    header = read_movie_header(make_file(HEADER))
    assert header is not None
    assert header.content == HEADER
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"audio"  # size in 64 bits
    header = read_movie_header(io.BytesIO(large + Box(b"moov", HEADER).to_bytes()))
    assert header == (len(large), HEADER)


def test_changed_header_replaces_the_old_one_even_if_it_is_shorter() -> None:
    file = make_file(HEADER)
    edit_movie_header(file, lambda _: NAME.to_bytes())
    assert file.getvalue() == make_file(NAME.to_bytes()).getvalue()


def test_header_that_is_not_at_the_end_is_not_changed() -> None:
    file = io.BytesIO(make_file(HEADER).getvalue() + b"more")
    with pytest.raises(ValueError, match="not at the end"):
        edit_movie_header(file, lambda header: header)


@pytest.mark.parametrize(
    "data", [b"", b"moov", bytes(100), struct.pack(">I4sQ", 1, b"mdat", 1 << 63), b"\0\0\0\x08free" * 1_000_000]
)
def test_file_without_a_header_has_none(data: bytes) -> None:
    assert read_movie_header(io.BytesIO(data)) is None
