"""Tags of exported files: other programs read them, and the audio is untouched."""

import struct
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from tinytag import TinyTag

from desktop.analysis.harmony import Key
from desktop.audio.stems import STEM_COMMENT, has_stem_comment
from desktop.audio.tags import read_tags
from desktop.audio_formats import AAC, ALAC, AUDIO_FORMATS, FLAC, MP3, OGG_VORBIS, WAV, AudioFormat
from desktop.export.cover import parse_cover
from desktop.export.encoder import Encoder
from desktop.export.song_tags import SongTags, key_tag, write_song_tags
from tests.helpers.encoded import read_back
from tests.helpers.exports import export_to
from tests.helpers.pictures import make_picture
from tests.helpers.sound import make_noise
from tests.helpers.stems import write_completed_job

FORMATS = list(AUDIO_FORMATS.values())
KEY = Key.parse("F# minor")
# Latin-1, other alphabets, and characters beyond the first 65536, which take two units in UTF-16.
TITLE, ARTIST, ALBUM = "Füße & Söhne", "Ночь 夜", "Album 🎧"
TAGS = SongTags(TITLE, ARTIST, ALBUM, 119.6, KEY)
each_format = pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)

each_format_but_wav = pytest.mark.parametrize("audio_format", FORMATS[1:], ids=lambda each: each.name)


def write_stem(folder: Path, audio_format: AudioFormat, frames: int = 9601, tags: SongTags | None = None) -> Path:
    """Write a stem as Unbraid does, with an odd number of bytes in formats without compression."""
    path = folder / f"stem{audio_format.suffix}"
    with Encoder(path, audio_format, 48000, 1, frames, tags=tags or SongTags(), comment=STEM_COMMENT) as encoder:
        encoder.write(make_noise(frames, 1).T)
    return path


def read_ffmpeg_tags(path: Path) -> dict[str, str]:
    """Return the tags that FFmpeg reads, with names in lower case."""
    with av.open(str(path)) as container:
        tags = {**container.metadata, **container.streams.audio[0].metadata}
    return {name.lower(): value for name, value in tags.items()}


def read_packets(path: Path) -> list[bytes]:
    """Return the encoded audio."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0)]


@each_format
@pytest.mark.parametrize("codec", ["png", "mjpeg"])
def test_all_tags_are_read_by_other_programs_and_the_audio_stays(
    tmp_path: Path, audio_format: AudioFormat, codec: str
) -> None:
    path = write_stem(tmp_path, audio_format)
    before, packets = read_back(path).samples, read_packets(path)
    picture = make_picture(codec)
    write_song_tags(path, audio_format, replace(TAGS, cover=picture))
    assert read_packets(path) == packets
    np.testing.assert_array_equal(read_back(path).samples, before)
    assert list(tmp_path.iterdir()) == [path]
    assert has_stem_comment(path)

    ours = read_tags(path)
    assert (ours.title, ours.artist, ours.album, ours.cover) == (TITLE, ARTIST, ALBUM, picture)
    tag = TinyTag.get(path)
    exact = audio_format not in (WAV, MP3, AAC, ALAC)
    assert tag.other.get("bpm") == (["119.6"] if exact else ["120"])
    theirs = read_ffmpeg_tags(path)
    assert (theirs["title"], theirs["artist"], theirs["album"]) == (TITLE, ARTIST, ALBUM)
    key_names = {"tkey", "initialkey"} & theirs.keys()
    assert [theirs[name] for name in key_names] == ["F#m"]


@pytest.mark.parametrize("frames", [100, 9601, 20001, 300_000])
def test_ogg_vorbis_of_one_page_or_more_keeps_its_length(tmp_path: Path, frames: int) -> None:
    for name, noise in (("silence", np.zeros((frames, 1))), ("noise", make_noise(frames, 1).T)):
        path = tmp_path / f"{name}.ogg"
        with Encoder(path, OGG_VORBIS, 48000, 1, frames, tags=TAGS) as encoder:
            encoder.write(noise)
        assert soundfile.info(path).frames == frames


@each_format_but_wav  # FFmpeg shows no cover of WAV files
def test_cover_is_shown_by_programs_that_use_ffmpeg(tmp_path: Path, audio_format: AudioFormat) -> None:
    path, picture = write_stem(tmp_path, audio_format), make_picture("png")
    write_song_tags(path, audio_format, SongTags(cover=picture))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.disposition & av.stream.Disposition.attached_pic
        assert (stream.codec_context.width, stream.codec_context.height) == (64, 48)
        assert bytes(next(container.demux(stream))) == picture


@pytest.mark.parametrize(
    "audio_format", [each for each in FORMATS if each not in (AAC, ALAC)], ids=lambda each: each.name
)
def test_libsndfile_reads_title_artist_and_album(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = write_stem(tmp_path, audio_format, tags=TAGS)
    with soundfile.SoundFile(path) as file:
        assert (file.title, file.artist, file.album) == (TITLE, ARTIST, ALBUM)


def test_mp3_has_no_tag_in_an_encoding_that_its_readers_do_not_know(tmp_path: Path) -> None:
    data = write_stem(tmp_path, MP3, tags=TAGS).read_bytes()
    assert data.startswith(b"ID3\x03")  # version 2.3, which every player knows, has no UTF-8
    assert TITLE.encode() not in data
    assert b"\xff\xfe" + TITLE.encode("utf-16-le") in data
    assert data[-128:-125] != b"TAG"  # version 1 has no encoding at all


@each_format
def test_tags_are_in_the_file_when_it_gets_its_name(tmp_path: Path, audio_format: AudioFormat) -> None:
    assert read_tags(write_stem(tmp_path, audio_format, tags=TAGS)).title == TITLE


@each_format
def test_only_what_is_known_is_written_and_other_tags_stay(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = write_stem(tmp_path, audio_format, tags=SongTags(title=TITLE))
    before = path.read_bytes()
    write_song_tags(path, audio_format, SongTags())
    assert path.read_bytes() == before
    write_song_tags(path, audio_format, SongTags(tempo_bpm=90.0))
    other = TinyTag.get(path).other
    assert (other.get("bpm"), other.get("initial_key")) == (["90"], None)
    assert read_ffmpeg_tags(path)["title"] == TITLE


@each_format_but_wav  # WAV files get a second chunk
def test_tag_that_is_given_again_replaces_the_first(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = write_stem(tmp_path, audio_format, tags=TAGS)
    write_song_tags(path, audio_format, SongTags(title="Second", tempo_bpm=90.0, key=Key.parse("C major")))
    assert read_tags(path).title == "Second"
    assert TinyTag.get(path).other.get("bpm") == ["90"]
    theirs = read_ffmpeg_tags(path)
    assert [theirs[name] for name in {"tkey", "initialkey"} & theirs.keys()] == ["C"]


def test_sizes_in_the_headers_of_wav_files_match_the_file(tmp_path: Path) -> None:
    path = write_stem(tmp_path, WAV)
    write_song_tags(path, WAV, TAGS)
    data = path.read_bytes()
    assert struct.unpack("<I", data[4:8]) == (len(data) - 8,)
    soundfile.write(tmp_path / "large.wav", make_noise(1001, 1).T, 44100, subtype="PCM_24", format="RF64")
    write_song_tags(tmp_path / "large.wav", WAV, TAGS)
    data = (tmp_path / "large.wav").read_bytes()
    assert data[:4] == b"RF64"
    assert struct.unpack("<Q", data[20:28]) == (len(data) - 8,)
    assert soundfile.info(tmp_path / "large.wav").frames == 1001


def test_keys_are_spelled_as_tags_spell_them() -> None:
    assert [key_tag(Key.parse(name)) for name in ("F# minor", "Bb major", "C major")] == ["F#m", "Bb", "C"]


@each_format
def test_file_of_another_structure_stays_as_it_is(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = tmp_path / f"stem{audio_format.suffix}"
    path.write_bytes(b"ID3\x03\x00\x40\x00\x00\x00\x00" + bytes(50))
    before = path.read_bytes()
    write_song_tags(path, audio_format, TAGS)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "picture",
    [b"GIF89a\x01\x00\x01\x00", b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xda\x00\x02" + bytes(9)],
)
def test_cover_that_is_damaged_or_of_another_kind_is_left_out(tmp_path: Path, picture: bytes) -> None:
    assert parse_cover(picture) is None
    tags = read_tags(write_stem(tmp_path, FLAC, tags=replace(TAGS, cover=picture)))
    assert (tags.title, tags.cover) == (TITLE, None)


@each_format
def test_exported_stems_carry_tempo_and_key_of_the_song(tmp_path: Path, audio_format: AudioFormat) -> None:
    job = replace(write_completed_job(tmp_path / "library", stem_count=2, seconds=0.1), tempo_bpm=112.0, key=KEY)
    for path, title in zip(
        export_to(tmp_path / "out", job, audio_format.name),
        ("Night Drive (Vocals)", "Night Drive (Drums)"),
        strict=True,
    ):
        assert path.suffix == audio_format.suffix
        assert TinyTag.get(path).title == title
        assert TinyTag.get(path).other.get("bpm") == ["112"]
        assert "F#m" in read_ffmpeg_tags(path).values()
