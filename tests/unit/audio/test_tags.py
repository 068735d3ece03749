import os
from pathlib import Path

import pytest
import soundfile

from desktop.audio.tags import Tags, read_tags
from tests.helpers.shared import FIXTURES
from tests.helpers.sound import make_noise, run_ffmpeg

FORMATS = FIXTURES / "formats"
needs_fixtures = pytest.mark.skipif(not FORMATS.exists(), reason="the fixtures are not beside this checkout")


@needs_fixtures
@pytest.mark.parametrize(
    "name", ["full.mp3", "full.flac", "full.ogg", "full.opus", "full.m4a", "full.aiff", "full.wav"]
)
def test_title_artist_album_and_length_are_read(name: str) -> None:
    tags = read_tags(FORMATS / name)
    assert (tags.title, tags.artist, tags.album) == ("full", "the artist", "the album")
    assert tags.seconds == pytest.approx(1.0, abs=0.1)


@needs_fixtures
def test_cover_is_returned_as_stored_in_the_file() -> None:
    cover = read_tags(FORMATS / "image.mp3").cover
    assert cover is not None
    assert cover.startswith((b"\x89PNG", b"\xff\xd8"))


def test_tags_are_one_short_line_of_printable_text(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(1000).T, 44100)
    hostile_tags = ("-metadata", "title=A\u202egnp\n\x07B <b>", "-metadata", "artist=" + "x" * 20_000)
    run_ffmpeg("-i", tmp_path / "a.wav", *hostile_tags, tmp_path / "a.flac")
    tags = read_tags(tmp_path / "a.flac")
    assert tags.title == "A gnp B <b>"
    assert len(tags.artist) == 300


@pytest.mark.parametrize(
    "data",
    [b"", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", b"fLaC\xff\xff\xff\xff", os.urandom(5000)],
    ids=["empty", "ID3", "FLAC", "random"],
)
@pytest.mark.parametrize("suffix", ["mp3", "flac", "ogg", "m4a", "wma", "wav", "aiff", ""])
def test_damaged_file_has_no_tags(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data)
    tags = read_tags(path)
    assert tags.title == ""
    assert tags.cover is None


def test_path_that_is_not_a_regular_file_has_no_tags(tmp_path: Path) -> None:
    assert read_tags(tmp_path) == Tags()
    assert read_tags(tmp_path / "missing.mp3") == Tags()
    if os.name != "nt":
        os.mkfifo(tmp_path / "fifo.mp3")
        assert read_tags(tmp_path / "fifo.mp3") == Tags()


def test_implausible_length_is_ignored(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", make_noise(1000).T, 44100)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[18:21] = (1 << 4).to_bytes(3)  # 20 bits of sample rate: 1 Hz
    data[21:26] = b"\xff" * 5  # 36 bits of length, and the 4 bits before them
    (tmp_path / "b.flac").write_bytes(data)
    assert read_tags(tmp_path / "a.flac").seconds == pytest.approx(1000 / 44100)
    assert read_tags(tmp_path / "b.flac").seconds is None
