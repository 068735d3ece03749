"""Tempo and key in exported files: other programs read them, and the audio is untouched."""

import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tinytag import TinyTag

from desktop.analysis.harmony import Key
from desktop.audio.stems import has_stem_comment
from desktop.audio.writer import AudioWriter
from desktop.export.song_tags import key_tag, write_song_tags
from tests.helpers.exports import export_to
from tests.helpers.sound import make_noise
from tests.helpers.stems import write_completed_job

FORMATS = ("wav", "flac", "mp3")
KEY = Key.parse("F# minor")


def write_stem(path: Path, frames: int = 4411, channels: int = 1, depth: str = "24") -> Path:
    """Write a stem as Unbraid does, with an odd number of bytes by default."""
    writer = AudioWriter(path, 44100, channels, frames, path.suffix[1:], depth)
    writer.write(make_noise(frames, channels))
    writer.close()
    return path


def read_ffmpeg_tags(path: Path) -> list[str]:
    """Return the values of the tags that FFmpeg reads."""
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "default=nw=1:nk=1", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize("suffix", FORMATS)
def test_tempo_and_key_are_read_by_other_programs_and_the_samples_stay(tmp_path: Path, suffix: str) -> None:
    path = write_stem(tmp_path / f"stem.{suffix}")
    samples = soundfile.read(path)[0]
    write_song_tags(path, 119.6, KEY)
    np.testing.assert_array_equal(soundfile.read(path)[0], samples)
    tag = TinyTag.get(path)
    assert tag.other.get("bpm") == (["119.6"] if suffix == "flac" else ["120"])
    assert tag.other.get("initial_key") == ["F#m"]
    if suffix != "wav":  # FFmpeg reads no tags behind the samples
        assert "F#m" in read_ffmpeg_tags(path)
    assert has_stem_comment(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_what_is_known_is_written(tmp_path: Path, suffix: str) -> None:
    path = write_stem(tmp_path / f"stem.{suffix}", channels=2)
    before = path.read_bytes()
    write_song_tags(path, None, None)
    assert path.read_bytes() == before
    write_song_tags(path, 90.0, None)
    other = TinyTag.get(path).other
    assert (other.get("bpm"), other.get("initial_key")) == (["90"], None)


def test_sizes_in_the_headers_of_wav_files_match_the_file(tmp_path: Path) -> None:
    path = write_stem(tmp_path / "stem.wav")
    write_song_tags(path, 120.0, KEY)
    data = path.read_bytes()
    assert struct.unpack("<I", data[4:8]) == (len(data) - 8,)
    soundfile.write(tmp_path / "large.wav", make_noise(1001, 1).T, 44100, subtype="PCM_24", format="RF64")
    write_song_tags(tmp_path / "large.wav", 120.0, KEY)
    data = (tmp_path / "large.wav").read_bytes()
    assert data[:4] == b"RF64"
    assert struct.unpack("<Q", data[20:28]) == (len(data) - 8,)
    assert soundfile.info(tmp_path / "large.wav").frames == 1001


def test_keys_are_spelled_as_tags_spell_them() -> None:
    assert [key_tag(Key.parse(name)) for name in ("F# minor", "Bb major", "C major")] == ["F#m", "Bb", "C"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_file_of_another_structure_stays_as_it_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"stem.{suffix}"
    path.write_bytes(b"ID3\x03\x00\x40\x00\x00\x00\x00" + bytes(50))
    before = path.read_bytes()
    write_song_tags(path, 120.0, KEY)
    assert path.read_bytes() == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_exported_stems_carry_tempo_and_key_of_the_song(tmp_path: Path, suffix: str) -> None:
    job = replace(write_completed_job(tmp_path / "library", stem_count=2, seconds=0.1), tempo_bpm=112.0, key=KEY)
    for path in export_to(tmp_path / "out", job, suffix):
        assert TinyTag.get(path).other.get("bpm") == ["112"]
        assert TinyTag.get(path).other.get("initial_key") == ["F#m"]
