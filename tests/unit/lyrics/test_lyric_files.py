"""Lyrics of an added song: found beside it or in its tags, and kept when their files vanish."""

import struct
from pathlib import Path
from shutil import rmtree

import pytest

from desktop.jobs.lyrics import find_lyrics
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.lyrics.files import load_lyrics
from desktop.lyrics.lines import LyricLine
from desktop.paths import Home
from tests.helpers.library import write_song
from tests.helpers.queue import NullEvents
from tests.helpers.sound import run_ffmpeg
from tests.helpers.window import RecordingQueue


class Library:
    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        self.service = JobService(self.home, JobStore(self.home), RecordingQueue(), NullEvents())

    def lyrics_of(self, track: Path) -> tuple[LyricLine, ...]:
        return load_lyrics(self.home.job_folder(self.service.add(track).id))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    return write_song(tmp_path / "music" / "Song.wav", 0.1)


def test_song_without_lyrics_has_none(library: Library, song: Path) -> None:
    song.with_name("Other.lrc").write_text("[00:01.00]other")
    assert library.lyrics_of(song) == ()


@pytest.mark.parametrize("name", ["Song.lrc", "SONG.LRC", "song.txt"])
def test_file_beside_the_song_is_found_in_any_case(library: Library, song: Path, name: str) -> None:
    song.with_name(name).write_text("[00:01.00]beside")
    assert library.lyrics_of(song) == (LyricLine("beside", 1.0),)


def test_lyrics_outlive_the_file_that_they_came_from(library: Library, song: Path) -> None:
    lrc = song.with_suffix(".lrc")
    lrc.write_text("[00:01.00]kept")
    job = library.service.add(song)
    lrc.unlink()
    song.unlink()
    assert load_lyrics(library.home.job_folder(job.id)) == (LyricLine("kept", 1.0),)


def test_lrc_is_better_than_text_and_a_file_beside_the_song_than_its_tags(library: Library, song: Path) -> None:
    tagged = song.with_suffix(".flac")
    run_ffmpeg("-i", song, "-metadata", "LYRICS=[00:03.00]embedded", tagged)
    assert library.lyrics_of(tagged) == (LyricLine("embedded", 3.0),)
    song.with_suffix(".txt").write_text("text")
    assert library.lyrics_of(tagged) == (LyricLine("text"),)
    song.with_suffix(".lrc").write_text("[00:02.00]lrc")
    assert library.lyrics_of(tagged) == (LyricLine("lrc", 2.0),)


def test_lyrics_of_an_mp4_file_are_found(library: Library, song: Path) -> None:
    run_ffmpeg("-i", song, "-metadata", "lyrics=One\nTwo", song.with_suffix(".m4a"))
    assert library.lyrics_of(song.with_suffix(".m4a")) == (LyricLine("One"), LyricLine("Two"))


def test_plain_and_timed_lyrics_of_an_mp3_file_are_found_and_the_timed_ones_chosen(
    library: Library, song: Path
) -> None:
    mp3 = song.with_suffix(".mp3")
    run_ffmpeg("-i", song, "-write_id3v2", "0", mp3)
    plain = id3_frame(b"USLT", b"\x00eng\x00One\nTwo")
    timed = id3_frame(b"SYLT", b"\x00eng\x02\x01\x00" + b"One\x00" + struct.pack(">I", 1500))
    audio = mp3.read_bytes()
    mp3.write_bytes(id3_tag(plain) + audio)
    assert library.lyrics_of(mp3) == (LyricLine("One"), LyricLine("Two"))
    mp3.write_bytes(id3_tag(plain + timed) + audio)
    assert library.lyrics_of(mp3) == (LyricLine("One", 1.5),)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"x" * (2 << 20)], ids=["empty", "binary", "huge"])
def test_file_that_is_no_text_is_ignored(library: Library, song: Path, content: bytes) -> None:
    song.with_suffix(".lrc").write_bytes(content)
    assert library.lyrics_of(song) == ()


def test_folder_named_like_lyrics_is_ignored(library: Library, song: Path) -> None:
    song.with_suffix(".lrc").mkdir()
    assert library.lyrics_of(song) == ()


def id3_frame(name: bytes, content: bytes) -> bytes:
    return name + struct.pack(">I", len(content)) + b"\0\0" + content


def id3_tag(frames: bytes) -> bytes:
    """Return an ID3v2.3 tag, whose size has seven bits a byte."""
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + frames


def test_lyrics_of_a_song_that_was_added_without_are_found_later_and_kept(library: Library, song: Path) -> None:
    job = library.service.add(song)
    folder = library.home.job_folder(job.id)
    assert find_lyrics(folder, job) == ()
    song.with_suffix(".lrc").write_text("[00:01.00]later")
    assert find_lyrics(folder, job) == (LyricLine("later", 1.0),)
    song.with_suffix(".lrc").unlink()
    assert find_lyrics(folder, job) == (LyricLine("later", 1.0),)


def test_tags_of_the_librarys_copy_are_read_when_the_added_file_is_gone(library: Library, song: Path) -> None:
    tagged = song.with_suffix(".flac")
    run_ffmpeg("-i", song, "-metadata", "lyrics=[00:03.00]embedded", tagged)
    job = library.service.add(tagged)
    tagged.unlink()
    folder = library.home.job_folder(job.id)
    folder.lyrics.unlink()
    assert find_lyrics(folder, job) == (LyricLine("embedded", 3.0),)
    assert load_lyrics(folder) == (LyricLine("embedded", 3.0),)


def test_song_whose_files_are_gone_has_no_lyrics(library: Library, song: Path) -> None:
    job = library.service.add(song)
    rmtree(library.home.job_folder(job.id).root)
    rmtree(song.parent)
    assert find_lyrics(library.home.job_folder(job.id), job) == ()
