"""Valid but unusual files are decoded exactly; files that cannot be decoded are refused with the right reason."""

import re
import struct
import uuid
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.audio.file_types import DRM_PROBLEM, describe_non_audio
from desktop.audio.track import SampleFormat
from desktop.errors import UnusableTrackError
from tests.helpers.sound import decode_track, make_integers, run_ffmpeg

PCM, EXTENSIBLE = 1, 0xFFFE
PCM_SUBTYPE = bytes.fromhex("0100000000001000800000aa00389b71")


def chunk(name: bytes, data: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(data)) + data + bytes(len(data) & 1)


def pack_samples(values: NDArray[np.int64], bits: int, width: int, order: str = "<") -> bytes:
    """Pack integers `[channels, n]` of `bits` bits into the upper bits of `width` bytes each."""
    raw = np.ascontiguousarray((values.T << (8 * width - bits)).astype(f"{order}i8")).view("u1")
    raw = raw.reshape(*values.T.shape, 8)
    return (raw[..., :width] if order == "<" else raw[..., 8 - width :]).tobytes()


def write_wav(
    path: Path, values: NDArray[np.int64], bits: int, width: int, tag: int = PCM, declared_bits: int | None = None
) -> Path:
    """Write a WAV file of integers. `declared_bits` is the width that its header declares, if it is not `bits`."""
    align = len(values) * width
    fmt = struct.pack("<HHIIHH", tag, len(values), 44100, 44100 * align, align, declared_bits or bits)
    if tag == EXTENSIBLE:
        fmt += struct.pack("<HHI", 22, bits, 3) + PCM_SUBTYPE
    body = b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"data", pack_samples(values, bits, width))
    path.write_bytes(chunk(b"RIFF", body))
    return path


def write_aiff(path: Path, values: NDArray[np.int64], bits: int) -> Path:
    common = struct.pack(">hIh", len(values), values.shape[1], bits) + bytes.fromhex("400EAC44000000000000")
    sound = bytes(8) + pack_samples(values, bits, (bits + 7) // 8, ">")
    path.write_bytes(chunk(b"FORM", b"AIFF" + chunk(b"COMM", common, ">") + chunk(b"SSND", sound, ">"), ">"))
    return path


@pytest.mark.parametrize("bits", [*range(9, 33)])
@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_integer_samples_of_every_width_are_decoded_exactly(kind: str, bits: int, tmp_path: Path) -> None:
    values, width = make_integers(1000, bits), (bits + 7) // 8
    song = (
        write_wav(tmp_path / "song", values, bits, width)
        if kind == "wav"
        else write_aiff(tmp_path / "song", values, bits)
    )
    mixture = decode_track(song, tmp_path / "mixture.wav")
    assert mixture.sample_format is SampleFormat(str(8 * width))
    np.testing.assert_array_equal(mixture.read(0, 2000), values / 2.0 ** (bits - 1))


@pytest.mark.parametrize(("bits", "width"), [(12, 2), (16, 3), (18, 3), (20, 3), (20, 4), (24, 4)])
def test_samples_with_fewer_valid_bits_than_their_container_are_decoded_exactly(
    bits: int, width: int, tmp_path: Path
) -> None:
    values = make_integers(1000, bits)
    song = write_wav(tmp_path / "song", values, bits, width, EXTENSIBLE, declared_bits=8 * width)
    mixture = decode_track(song, tmp_path / "mixture.wav")
    np.testing.assert_array_equal(mixture.read(0, 2000), values / 2.0 ** (bits - 1))


def test_24_bit_samples_in_four_bytes_are_decoded_exactly(tmp_path: Path) -> None:
    values = make_integers(1000, 24)
    mixture = decode_track(write_wav(tmp_path / "song", values, 24, 4), tmp_path / "mixture.wav")
    np.testing.assert_array_equal(mixture.read(0, 2000), values / 2.0**23)


@pytest.mark.parametrize(
    ("bits", "width", "tag"), [(20, 4, PCM), (20, 4, EXTENSIBLE), (24, 4, EXTENSIBLE), (4, 1, PCM)]
)
def test_sample_widths_that_decoders_would_turn_into_noise_are_refused(
    bits: int, width: int, tag: int, tmp_path: Path
) -> None:
    song = write_wav(tmp_path / "song", make_integers(1000, bits), bits, width, tag)
    with pytest.raises(UnusableTrackError, match="unsupported width"):
        decode_track(song, tmp_path / "mixture.wav")


@pytest.mark.parametrize(
    ("suffix", "video", "audio"),
    [
        ("mpg", "mpeg2video", "mp2"), ("vob", "mpeg2video", "ac3"), ("avi", "mpeg4", "mp3"), ("wmv", "wmv2", "wmav2"),
        ("flv", "flv", "mp3"), ("3gp", "mpeg4", "aac"), ("m2ts", "mpeg2video", "ac3"), ("m4v", "mpeg4", "aac"),
        ("ogv", "libtheora", "libvorbis"),
    ],
)  # fmt: skip
def test_audio_of_a_video_is_decoded(suffix: str, video: str, audio: str, tmp_path: Path) -> None:
    song = tmp_path / f"song.{suffix}"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=176x144:r=25:d=1", "-f", "lavfi", "-i", "sine=f=440:d=1", "-ar", "44100",
           "-c:v", video, "-c:a", audio, song)  # fmt: skip
    mixture = decode_track(song, tmp_path / "mixture.wav")
    sound = mixture.read(4000, 36_000)[0]
    level = 2 * abs((sound * np.exp(-2j * np.pi * 440 * np.arange(len(sound)) / mixture.sample_rate)).mean())
    assert level > 0.08
    assert mixture.frames / mixture.sample_rate == pytest.approx(1.0, abs=0.1)
    assert not re.search("damaged|incomplete", " ".join(map(str, mixture.notices)))


def test_speex_is_decoded(tmp_path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=1", "-ar", "32000", "-c:a", "libspeex", tmp_path / "song.spx")
    assert decode_track(tmp_path / "song.spx", tmp_path / "mixture.wav").frames == pytest.approx(32_000, abs=1000)


@pytest.mark.parametrize("default_track", [0, 1, 2])
def test_notice_names_the_audio_track_that_was_decoded(default_track: int, tmp_path: Path) -> None:
    pitches = (300, 500, 700)
    inputs = [argument for pitch in pitches for argument in ("-f", "lavfi", "-i", f"sine=f={pitch}:d=1")]
    maps = [argument for number in range(3) for argument in ("-map", str(number))]
    dispositions = [
        argument for n in range(3) for argument in (f"-disposition:a:{n}", "default" if n == default_track else "0")
    ]
    run_ffmpeg(*inputs, *maps, "-ac", "2", "-c:a", "aac", "-b:a", "96k", *dispositions, tmp_path / "song.mkv")
    mixture = decode_track(tmp_path / "song.mkv", tmp_path / "mixture.wav")
    sound, time = mixture.read(4000, 36_000)[0], np.arange(36_000) / mixture.sample_rate
    levels = [abs((sound * np.exp(-2j * np.pi * pitch * time[: len(sound)])).mean()) for pitch in pitches]
    assert tuple(map(str, mixture.notices)) == (
        f"The file has 3 audio tracks; track {1 + int(np.argmax(levels))} was separated.",
    )


def refusal_message(song: Path) -> str:
    with pytest.raises(UnusableTrackError) as caught:
        decode_track(song, song.with_name("mixture.wav"))
    return str(caught.value)


@pytest.mark.parametrize("kind", ["drms", "enca", "aavd"])
def test_mp4_with_drm_is_refused_as_protected(kind: str, tmp_path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "-f", "ipod", tmp_path / "song.m4p")
    before, mark, after = (tmp_path / "song.m4p").read_bytes().partition(b"stsd")
    (tmp_path / "song.m4p").write_bytes(before + mark + after.replace(b"mp4a", kind.encode(), 1))
    assert refusal_message(tmp_path / "song.m4p") == str(DRM_PROBLEM.with_arguments(name="song.m4p"))


def test_mp4_with_common_encryption_is_refused_as_protected(tmp_path: Path) -> None:
    keys = (
        "-encryption_key",
        "76a6c65c5ea762046bd749a2e632ccbb",
        "-encryption_kid",
        "a7e61c373e219033c21091fa607bf3b8",
    )
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr", *keys,
           tmp_path / "song.mp4")  # fmt: skip
    assert refusal_message(tmp_path / "song.mp4") == str(DRM_PROBLEM.with_arguments(name="song.mp4"))


@pytest.mark.parametrize("name", ["2211B3FB-BD23-11D2-B4B7-00A0C955FC6E", "298AE614-2622-4C17-B935-DAE07EE9289C"])
def test_windows_media_with_a_licence_is_refused_as_protected(name: str, tmp_path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "wmav2", tmp_path / "song.wma")
    data = (tmp_path / "song.wma").read_bytes()
    assert decode_track(tmp_path / "song.wma", tmp_path / "mixture.wav").frames > 40_000
    licence = uuid.UUID(name).bytes_le + struct.pack("<Q", 40) + bytes(16)
    size, objects = struct.unpack("<QI", data[16:28])
    head = data[:16] + struct.pack("<QI", size + len(licence), objects + 1) + data[28:30]
    (tmp_path / "song.wma").write_bytes(head + licence + data[30:])
    assert refusal_message(tmp_path / "song.wma") == str(DRM_PROBLEM.with_arguments(name="song.wma"))


@pytest.mark.parametrize(
    "head",
    [
        b"CTENFDAM\1\x70", bytes.fromhex("7cd532eb86027f4ba8afa68e0fff9914"), b"yeelion-kuwo-tme",
        bytes.fromhex("0528bc96e9e45a4391aabdd07af53631"), bytes.fromhex("a506b78990"), bytes.fromhex("8c2db199d8"),
        bytes.fromhex("8a0ee5c990"), bytes.fromhex("000000205790753600000000"), b"\0\0\0\x20ftypaax \0\0\0\1",
        struct.pack("<III", 11, 0x5C3C, 16), struct.pack("<III", 17, 0x5C3C, 16),
    ],
    ids=["NetEase", "KuGou kgm", "Kuwo", "KuGou vpr", "QQ FLAC", "QQ Ogg", "QQ ID3", "Audible AA", "Audible AAX", "mogg 11", "mogg 17"],
)  # fmt: skip
def test_encrypted_files_of_music_shops_are_refused_as_protected(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "song.ncm").write_bytes(head + np.random.default_rng(0).bytes(50_000))
    assert refusal_message(tmp_path / "song.ncm") == str(DRM_PROBLEM.with_arguments(name="song.ncm"))


def test_non_audio_files_are_described_by_their_kind() -> None:
    kinds = {
        b"\xef\xbb\xbf#extm3u\n": "playlist",
        b"  <!doctype html>": "web page",
        b"MThd\0": "MIDI",
        b"PK\3\4": "ZIP",
    }
    for head, description in kinds.items():
        assert description in str(describe_non_audio(head))
    assert describe_non_audio(b"RIFF") is describe_non_audio(b"") is None
