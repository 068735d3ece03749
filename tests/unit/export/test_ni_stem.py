"""Stem files of Native Instruments have the structure that Traktor reads, and the audio of the stems."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.audio.mp4_boxes import find_box, read_movie_header, split_boxes
from desktop.audio.ni_stem_file import NI_STEM_SUFFIX, NiTrack, read_ni_stem_file
from desktop.audio.stems import has_stem_comment
from desktop.audio.tags import read_tags
from desktop.audio_formats import AAC, ALAC, MP3, AudioFormat
from desktop.errors import StorageError
from desktop.export.ni_stem import NiStemWriter
from desktop.export.quantizer import AboveFullScaleError
from desktop.export.song_tags import SongTags
from tests.helpers.encoded import make_music, measure_offset, rms_db
from tests.helpers.ni_stems import decode_tracks
from tests.helpers.pictures import make_picture

FOUR = ("vocals", "drums", "bass", "other")
SIX = (*FOUR, "guitar", "piano")
FRAMES = 50_001
FORMATS = pytest.mark.parametrize("audio_format", [AAC, ALAC], ids=lambda each: each.name)


def make_stems(names: tuple[str, ...], level: float = 0.5) -> NDArray[np.float64]:
    """Return a stem of 24-bit steps for each name, `[stems, frames, channels]`."""
    stems = np.stack([make_music(FRAMES, 44100, 2, seed) for seed in range(len(names))])
    return np.rint(stems * level * 2**23) / 2**23


def write_stem_file(
    folder: Path, names: tuple[str, ...], audio_format: AudioFormat = AAC, tags: SongTags | None = None
) -> Path:
    path, stems = folder / f"song{NI_STEM_SUFFIX}", make_stems(names)
    mixture = stems.sum(axis=0)
    writer = NiStemWriter(path, names, 44100, 2, audio_format=audio_format, tags=tags or SongTags(), may_clip=True)
    with writer:
        for start in range(0, FRAMES, 10_007):
            part = slice(start, start + 10_007)
            writer.write(mixture[part], stems[:, part])
    return path


@FORMATS
def test_only_the_mixture_is_enabled_and_all_tracks_are_alternatives(tmp_path: Path, audio_format: AudioFormat) -> None:
    read = read_ni_stem_file(write_stem_file(tmp_path, FOUR, audio_format))
    assert read.tracks == (NiTrack(True, True, 1), *[NiTrack(False, True, 1)] * 4)


@FORMATS
def test_manifest_names_and_colours_the_stems_in_the_order_of_their_tracks(
    tmp_path: Path, audio_format: AudioFormat
) -> None:
    read = read_ni_stem_file(write_stem_file(tmp_path, FOUR, audio_format))
    assert [name for name, _ in read.stems] == ["Drums", "Bass", "Other", "Vocals"]
    assert len({colour for _, colour in read.stems}) == 4
    assert all(colour.startswith("#") and len(colour) == 7 for _, colour in read.stems)
    assert read.manifest["version"] == 1
    effects = read.manifest["mastering_dsp"]
    assert (effects["compressor"]["enabled"], effects["limiter"]["enabled"]) == (False, False)


def test_manifest_is_a_box_behind_the_metadata(tmp_path: Path) -> None:
    with write_stem_file(tmp_path, FOUR).open("rb") as file:
        header = read_movie_header(file)
    assert header is not None
    user_data = find_box(header.content, (b"udta",))
    assert user_data is not None
    assert [box.kind for box in split_boxes(user_data)] == [b"meta", b"stem"]
    assert json.loads(split_boxes(user_data)[1].content)


def test_tracks_are_the_mixture_and_the_stems_sample_for_sample_in_alac(tmp_path: Path) -> None:
    stems = dict(zip(FOUR, make_stems(FOUR), strict=True))
    tracks = decode_tracks(write_stem_file(tmp_path, FOUR, ALAC))
    np.testing.assert_array_equal(tracks[0], sum(stems.values()))
    for track, name in zip(tracks[1:], ("drums", "bass", "other", "vocals"), strict=True):
        np.testing.assert_array_equal(track, stems[name])


def test_tracks_in_aac_are_in_place_and_together(tmp_path: Path) -> None:
    stems = dict(zip(FOUR, make_stems(FOUR), strict=True))
    originals = [sum(stems.values()), stems["drums"], stems["bass"], stems["other"], stems["vocals"]]
    tracks = decode_tracks(write_stem_file(tmp_path, FOUR))
    assert len({len(track) for track in tracks}) == 1
    for track, original in zip(tracks, originals, strict=True):
        assert 0 <= len(track) - FRAMES <= 1024
        assert measure_offset(original, track) == 0
        assert rms_db(track[:FRAMES] - original) < rms_db(original) - 20


def test_guitar_and_piano_are_in_other_and_nothing_is_lost(tmp_path: Path) -> None:
    stems = dict(zip(SIX, make_stems(SIX), strict=True))
    tracks = decode_tracks(write_stem_file(tmp_path, SIX, ALAC))
    np.testing.assert_array_equal(tracks[3], stems["other"] + stems["guitar"] + stems["piano"])
    np.testing.assert_array_equal(tracks[0], sum(tracks[1:]))


def test_unknown_stem_is_refused_before_a_file_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="birds"):
        NiStemWriter(tmp_path / "song.stem.mp4", ["vocals", "birds"], 44100, 2)
    assert list(tmp_path.iterdir()) == []


def test_missing_stems_are_silent_and_the_instrumental_is_in_other(tmp_path: Path) -> None:
    names = ("vocals", "instrumental")
    vocals, instrumental = make_stems(names)
    tracks = decode_tracks(write_stem_file(tmp_path, names, ALAC))
    assert not tracks[1].any()
    assert not tracks[2].any()
    np.testing.assert_array_equal(tracks[3], instrumental)
    np.testing.assert_array_equal(tracks[4], vocals)


@FORMATS
def test_tags_and_cover_do_not_disturb_the_structure(tmp_path: Path, audio_format: AudioFormat) -> None:
    tags = SongTags("Füße", "夜", "Album", 120.0, cover=make_picture("mjpeg"))
    path = write_stem_file(tmp_path, FOUR, audio_format, tags)
    read = read_tags(path)
    assert (read.title, read.artist, read.album, read.cover) == ("Füße", "夜", "Album", tags.cover)
    structure = read_ni_stem_file(path)
    assert structure.tracks == (NiTrack(True, True, 1), *[NiTrack(False, True, 1)] * 4)
    assert len(structure.stems) == 4
    assert len(decode_tracks(path)) == 5
    assert has_stem_comment(path)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")
@FORMATS
def test_other_players_accept_the_file_and_play_the_mixture(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = write_stem_file(tmp_path, FOUR, audio_format)
    command = ["ffprobe", "-v", "warning", "-show_streams", "-of", "json", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    streams = json.loads(run.stdout)["streams"]
    assert [stream["codec_type"] for stream in streams] == ["audio"] * 5
    assert [stream["disposition"]["default"] for stream in streams] == [1, 0, 0, 0, 0]


def test_stem_above_full_scale_is_refused_in_alac_unless_the_file_may_clip(tmp_path: Path) -> None:
    path, loud = tmp_path / "song.stem.mp4", np.full((1, 5000, 2), 1.25)
    with pytest.raises(AboveFullScaleError), NiStemWriter(path, ["drums"], 44100, 2, audio_format=ALAC) as writer:
        writer.write(loud[0] * 0, loud)
    assert list(tmp_path.iterdir()) == []
    with NiStemWriter(path, ["drums"], 44100, 2, audio_format=ALAC, may_clip=True) as writer:
        writer.write(loud[0] * 0, loud)
    assert writer.clipped_samples == 10_000


def test_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "song.stem.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(StorageError, match="already exists"):
        write_stem_file(tmp_path, FOUR)
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"precious")]


def test_unsupported_rate_is_an_error_before_a_file_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not hold 192000 Hz"):
        NiStemWriter(tmp_path / "song.stem.mp4", FOUR, 192_000, 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not an MP4 file", b"\0\0\0\x08moov", b"\0\0\0\x10moov\0\0\0\x08udta"])
def test_file_without_a_manifest_is_no_stem_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "song.stem.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a stem file"):
        read_ni_stem_file(path)


def test_format_of_the_tracks_is_aac_or_alac(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="MP3"):
        NiStemWriter(tmp_path / "song.stem.mp4", FOUR, 44100, 2, audio_format=MP3)
