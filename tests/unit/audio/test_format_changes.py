"""Files whose sample rate or channels change midway are decoded completely, with the exact number of frames."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.audio.chained import WHOLE_FILE, ByteRange, find_byte_ranges
from desktop.audio.mixture import Mixture
from desktop.audio.track import DAMAGED_PARTS_NOTICE, SampleFormat
from tests.helpers.release import release_except
from tests.helpers.sound import decode_track, make_integers, make_noise, run_ffmpeg

MONO, STEREO = ("sine=f=300:d=1", 1, 44100), ("sine=f=500:d=1", 2, 48000)
# ffmpeg's options for each part, by file suffix.
ENCODER_OPTIONS = {
    "mp3": "-b:a 128k", "bare.mp3": "-b:a 128k -write_xing 0 -id3v2_version 0", "untagged.mp3": "-id3v2_version 0",
    "id3v1.mp3": "-write_id3v1 1 -metadata title=A", "aac": "-c:a aac", "ac3": "", "eac3": "", "dts": "-c:a dca -strict -2",
    "ogg": "-c:a libvorbis", "flac": "", "oga": "-c:a flac", "ts": "-c:a mp2", "ac3.ts": "-c:a ac3", "mpg": "-c:a mp2",
}  # fmt: skip


def encode_part(path: Path, kind: tuple[str, int, int], options: str) -> Path:
    source, channels, rate = kind
    run_ffmpeg("-f", "lavfi", "-i", source, "-ac", str(channels), "-ar", str(rate), *options.split(), path)
    return path


@pytest.fixture(scope="module")
def two_parts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Path]]:
    """Return a function that encodes the mono and the stereo part for a suffix, once each."""

    @cache
    def encode(suffix: str) -> list[Path]:
        folder = tmp_path_factory.mktemp("parts")
        return [encode_part(folder / f"{kind[1]}.{suffix}", kind, ENCODER_OPTIONS[suffix]) for kind in (MONO, STEREO)]

    return encode


def join_files(path: Path, *parts: Path) -> Path:
    """Write the bytes of all parts into one file."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def tone_level(mixture: Mixture, pitch: float, start: int, end: int) -> float:
    """Return the amplitude of a tone between two frames of the mixture."""
    sound = mixture.read(start, end - start)[0]
    return float(2 * abs((sound * np.exp(-2j * np.pi * pitch * np.arange(len(sound)) / mixture.sample_rate)).mean()))


@pytest.mark.parametrize("order", ["higher", "lower"])
@pytest.mark.parametrize("suffix", release_except(("mp3", "ogg", "flac", "ts"), ENCODER_OPTIONS))
def test_file_that_changes_format_is_decoded_completely_in_its_highest_format(
    suffix: str, order: str, two_parts: Callable[[str], list[Path]], tmp_path: Path
) -> None:
    parts = two_parts(suffix) if order == "higher" else two_parts(suffix)[::-1]
    alone = [decode_track(path, tmp_path / "alone.wav") for path in parts]
    mixture = decode_track(join_files(tmp_path / f"song.{suffix}", *parts), tmp_path / "mixture.wav")
    assert (mixture.sample_rate, mixture.channels) == (48000, 2)
    lengths = [round(single.frames * 48000 / single.sample_rate) for single in alone]
    assert mixture.frames == sum(lengths)
    formats = ("44.1 kHz mono", "48 kHz stereo") if order == "higher" else ("48 kHz stereo", "44.1 kHz mono")
    assert tuple(map(str, mixture.notices)) == (
        f"Its sample rate or channels change partway through ({', '.join(formats)}). All of it was separated, as 48 kHz stereo.",
    )
    pitches = (300, 500) if order == "higher" else (500, 300)
    assert tone_level(mixture, pitches[0], 5000, lengths[0] - 5000) > 0.05
    assert tone_level(mixture, pitches[1], lengths[0] + 5000, mixture.frames - 5000) > 0.05


def test_opus_file_that_becomes_stereo_is_decoded_completely(tmp_path: Path) -> None:
    parts = [
        encode_part(tmp_path / f"{channels}.opus", ("sine=f=300:d=1", channels, 48000), "-c:a libopus")
        for channels in (1, 2)
    ]
    mixture = decode_track(join_files(tmp_path / "song.opus", *parts), tmp_path / "mixture.wav")
    assert (mixture.channels, mixture.frames) == (2, 96000)


@pytest.mark.parametrize("suffix", ["flac", "oga", "ogg"])
def test_chained_links_of_one_format_decode_as_each_does_alone(suffix: str, tmp_path: Path) -> None:
    sounds = []
    for number in range(3):
        soundfile.write(tmp_path / "a.wav", make_noise(30_000 + number, seed=number).T, 44100, subtype="PCM_16")
        run_ffmpeg("-i", tmp_path / "a.wav", *ENCODER_OPTIONS[suffix].split(), tmp_path / f"{number}.{suffix}")
        alone = decode_track(tmp_path / f"{number}.{suffix}", tmp_path / "alone.wav")
        sounds.append(alone.read(0, 40_000))
    song = join_files(tmp_path / f"song.{suffix}", *(tmp_path / f"{number}.{suffix}" for number in range(3)))
    mixture = decode_track(song, tmp_path / "mixture.wav")
    assert mixture.notices == ()
    np.testing.assert_array_equal(mixture.read(0, 200_000), np.concatenate(sounds, axis=1))


def test_integer_samples_stay_exact_if_only_their_width_changes(tmp_path: Path) -> None:
    narrow, wide = make_integers(5000, 16), make_integers(5000, 24)
    soundfile.write(tmp_path / "a.flac", (narrow << 16).astype(np.int32).T, 44100, subtype="PCM_16")
    soundfile.write(tmp_path / "b.flac", (wide << 8).astype(np.int32).T, 44100, subtype="PCM_24")
    mixture = decode_track(
        join_files(tmp_path / "c.flac", tmp_path / "a.flac", tmp_path / "b.flac"), tmp_path / "mixture.wav"
    )
    assert mixture.sample_format is SampleFormat.PCM_24
    expected = np.concatenate([narrow / 2.0**15, wide / 2.0**23], axis=1)
    np.testing.assert_array_equal(mixture.read(0, 10_000), expected)


def test_only_the_surround_part_of_a_file_is_downmixed(tmp_path: Path) -> None:
    stereo, surround = make_noise(5000), np.zeros((6, 5000))
    soundfile.write(tmp_path / "a.flac", stereo.T, 44100, subtype="PCM_24")
    soundfile.write(tmp_path / "b.flac", surround.T, 44100, subtype="PCM_24")
    mixture = decode_track(
        join_files(tmp_path / "c.flac", tmp_path / "a.flac", tmp_path / "b.flac"), tmp_path / "mixture.wav"
    )
    np.testing.assert_allclose(mixture.read(0, 5000), stereo, atol=2**-23)
    assert mixture.frames == 10_000
    assert "(44.1 kHz stereo, 44.1 kHz 6 channels)" in str(mixture.notices[0])


@pytest.mark.parametrize(
    "options", ["-b:a 128k", "-b:a 128k -write_xing 0 -id3v2_version 0"], ids=["Xing header", "no header"]
)
def test_damaged_frame_header_is_not_a_format_change(options: str, tmp_path: Path) -> None:
    song = encode_part(tmp_path / "song.mp3", STEREO, options)
    data = bytearray(song.read_bytes())
    frame = data.index(b"\xff\xfb", len(data) // 2)
    data[frame + 2] ^= 0x04  # sample rate bits
    data[frame + 3] |= 0xC0  # channel mode bits: mono
    song.write_bytes(data)
    mixture = decode_track(song, tmp_path / "mixture.wav")
    assert (mixture.sample_rate, mixture.channels) == (48000, 2)
    assert mixture.notices == (DAMAGED_PARTS_NOTICE,)
    assert mixture.frames / 48000 == pytest.approx(1.0, abs=0.1)


def test_damaged_link_does_not_affect_the_other_links(tmp_path: Path) -> None:
    parts = [encode_part(tmp_path / f"{n}.mp3", STEREO, "-b:a 128k") for n in range(3)]
    data = parts[1].read_bytes()
    frame = data.index(b"\xff\xfb", 100)
    parts[1].write_bytes(data[: frame + 300] + bytes(len(data) - frame - 300))
    mixture = decode_track(join_files(tmp_path / "song.mp3", *parts), tmp_path / "mixture.wav")
    assert mixture.notices == (DAMAGED_PARTS_NOTICE,)
    assert mixture.frames / 48000 == pytest.approx(2.0, abs=0.1)


def id3_tag(content: bytes) -> bytes:
    """Return an ID3v2 tag with this content."""
    size = len(content)
    return b"ID3\4\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + content


@pytest.fixture
def mp3(tmp_path: Path) -> bytes:
    return encode_part(tmp_path / "bare.mp3", STEREO, ENCODER_OPTIONS["bare.mp3"]).read_bytes()


@pytest.mark.parametrize(
    "before",
    [
        b"",
        id3_tag(b"x" * 5000),
        id3_tag(b"one") + id3_tag(b"two"),
        id3_tag(b"Info\0\0\0\1" * 1000),
        id3_tag(id3_tag(b"a tag in a tag")),
        id3_tag(b"\xff\xfb\x90\x64" + bytes(32) + b"Xing\0\0\0\1" + bytes(5000)),
    ],
    ids=["no tag", "one tag", "two tags", "Info in a tag", "tag in a tag", "MP3 frame in a tag"],
)
def test_mp3_is_one_byte_range_whatever_its_tags_contain(before: bytes, mp3: bytes, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    for after in (b"", b"TAG" + bytes(125), id3_tag(b"at the end")):
        song.write_bytes(before + mp3 + after)
        assert find_byte_ranges(song, song.read_bytes()[:4096]) == (WHOLE_FILE,)


def test_tag_starts_a_new_byte_range_even_across_a_chunk_boundary(mp3: bytes, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    for length in range((1 << 20) - 40, (1 << 20) + 10, 7):
        first = id3_tag(bytes(length - 10 - len(mp3))) + mp3
        song.write_bytes(first + id3_tag(b"next") + mp3)
        assert find_byte_ranges(song, song.read_bytes()[:4096]) == (ByteRange(0, length), ByteRange(length))


@pytest.mark.parametrize(
    "unit",
    [id3_tag(b""), id3_tag(b"") + b"\xff\xfb\x90\x64", b"\xff\xfb\x90\x64" + bytes(32) + b"Info\0\0\0"],
    ids=["tags", "tags and frame headers", "Info frames"],
)
def test_file_full_of_tags_has_a_bounded_number_of_byte_ranges(unit: bytes, mp3: bytes, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(mp3[:3000] + unit * 100_000)
    assert len(find_byte_ranges(song, mp3[:4096])) < 10_000


def test_mogg_file_of_a_game_is_decoded_after_its_header(tmp_path: Path) -> None:
    song = encode_part(tmp_path / "a.ogg", STEREO, ENCODER_OPTIONS["ogg"])
    expected = decode_track(song, tmp_path / "alone.wav").frames
    header = b"".join(number.to_bytes(4, "little") for number in (10, 28, 16, 20000, 1, 0, 0))
    (tmp_path / "a.mogg").write_bytes(header + song.read_bytes())
    assert decode_track(tmp_path / "a.mogg", tmp_path / "mixture.wav").frames == expected
