import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.audio.decode import decode_file
from desktop.audio.file_types import DRM_PROBLEM
from desktop.audio.track import (
    DAMAGED_PROBLEM,
    NO_AUDIO_PROBLEM,
    UNSUPPORTED_WIDTH_PROBLEM,
    SampleFormat,
    TrackReader,
    TrackSection,
    UndecodableError,
)
from desktop.errors import UnusableTrackError
from desktop.text.message import Message
from tests.helpers.sound import decode_track, make_integers, make_noise, make_tone, read_track_info, run_ffmpeg

INCOMPLETE = "The file is incomplete. The part that is there was separated."


def decode_error_message(path: Path, out: Path) -> str:
    with pytest.raises(UnusableTrackError) as caught:
        decode_track(path, out)
    return str(caught.value)


def write_track(path: Path, **options: str) -> Path:
    soundfile.write(path, make_noise(100_000).T, 44100, **options)
    return path


def test_track_info_is_read_from_the_header(tmp_path: Path) -> None:
    info = read_track_info(write_track(tmp_path / "song", format="WAV", subtype="PCM_24"))
    assert (info.sample_rate, info.channels, info.frames) == (44100, 2, 100_000)
    assert info.sample_format is SampleFormat.PCM_24
    assert info.seconds == pytest.approx(100_000 / 44100)


@pytest.mark.parametrize("suffix", ["mp3", "txt", "jpg", ""])
def test_format_is_detected_from_the_content_not_from_the_suffix(suffix: str, tmp_path: Path) -> None:
    assert read_track_info(write_track(tmp_path / f"song.{suffix}", format="FLAC")).codec == "PCM_16"


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_blocks_have_at_most_65536_frames_in_every_format(format: str, tmp_path: Path) -> None:
    path = write_track(tmp_path / "song", format=format)
    sizes = decode_file(path, lambda reader: [block.shape for part in reader.sections() for block in part.blocks])
    assert max(frames for _, frames in sizes) <= 65536
    assert {channels for channels, _ in sizes} == {2}
    assert sum(frames for _, frames in sizes) >= 100_000
    assert len(sizes) <= 4


@pytest.mark.parametrize("format", ["WAV", "RF64", "AIFF", "AU"])
def test_truncated_file_is_decoded_with_a_notice(format: str, tmp_path: Path) -> None:
    path = write_track(tmp_path / "song", format=format)
    assert decode_track(path, tmp_path / "whole.wav").notices == ()
    path.write_bytes(path.read_bytes()[:200_000])
    mixture = decode_track(path, tmp_path / "mixture.wav")
    assert tuple(map(str, mixture.notices)) == (INCOMPLETE,)
    assert 49_000 < mixture.frames < 50_000


@pytest.mark.parametrize("claimed", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wav_with_an_unset_data_size_is_decoded_completely(claimed: int, tmp_path: Path) -> None:
    data = write_track(tmp_path / "song", format="WAV").read_bytes()
    start = data.index(b"data") + 4
    (tmp_path / "song").write_bytes(data[:start] + struct.pack("<I", claimed) + data[start + 4 :])
    mixture = decode_track(tmp_path / "song", tmp_path / "mixture.wav")
    assert mixture.frames == 100_000
    assert mixture.notices == ()


@pytest.mark.parametrize(
    ("codec", "suffix", "sample_fmt"), [("alac", "m4a", "s32p"), ("wavpack", "wv", "s32p"), ("tta", "tta", "s32")]
)
def test_lossless_ffmpeg_formats_are_decoded_exactly(codec: str, suffix: str, sample_fmt: str, tmp_path: Path) -> None:
    samples = make_integers(50_000, 24)
    soundfile.write(tmp_path / "a.wav", (samples << 8).astype(np.int32).T, 44100, subtype="PCM_24")
    options = ("-c:a", codec, "-sample_fmt", sample_fmt, "-bits_per_raw_sample", "24")
    run_ffmpeg("-i", tmp_path / "a.wav", *options, tmp_path / f"a.{suffix}")
    mixture = decode_track(tmp_path / f"a.{suffix}", tmp_path / "mixture.wav")
    assert mixture.sample_format is SampleFormat.PCM_24
    np.testing.assert_array_equal(mixture.read(0, 60_000), samples / 2.0**23)


def test_sample_width_is_detected_after_a_silent_beginning(tmp_path: Path) -> None:
    samples = make_integers(100_000, 32)
    samples[:, :60_000] = 0
    soundfile.write(tmp_path / "a.wav", samples.astype(np.int32).T, 44100, subtype="PCM_32")
    run_ffmpeg("-i", tmp_path / "a.wav", "-c:a", "wavpack", "-sample_fmt", "s32p", tmp_path / "a.wv")
    mixture = decode_track(tmp_path / "a.wv", tmp_path / "mixture.wav")
    assert mixture.sample_format is SampleFormat.PCM_32
    np.testing.assert_array_equal(mixture.read(0, 100_000), samples / 2.0**31)


def test_lossy_formats_keep_level_and_timing(tmp_path: Path) -> None:
    sound = make_tone(88_200, 44100, channels=2)
    soundfile.write(tmp_path / "a.wav", sound.T, 44100)
    for name in ("a.m4a", "a.mp3", "a.ogg"):
        run_ffmpeg("-i", tmp_path / "a.wav", "-b:a", "192k", tmp_path / name)
        read = decode_track(tmp_path / name, tmp_path / f"{name}.mixture.wav").read(0, 88_200)
        inner = slice(10_000, 70_000)
        np.testing.assert_allclose(read[:, inner], sound[:, inner], atol=0.02)


def test_mp3_inside_wav_is_reported_as_lossy(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(44100).T, 44100)
    run_ffmpeg("-i", tmp_path / "a.wav", "-c:a", "libmp3lame", tmp_path / "b.wav")
    assert read_track_info(tmp_path / "b.wav").sample_format is SampleFormat.LOSSY


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "<?xml version='1.0'?><MPD><Period><AdaptationSet mimeType='audio/mp4'><Representation>"
        "<BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "[playlist]\nFile1={url}\n",
        ";FFMETADATA1\ntitle=x\n",
    ],
    ids=["hls", "concat", "sdp", "dash", "pls", "ffmetadata"],
)
@pytest.mark.parametrize("suffix", ["mp3", "m3u8", "ffconcat", "sdp", "mpd", "wav"])
def test_references_in_a_text_file_are_never_followed(content: str, suffix: str, tmp_path: Path) -> None:
    secret = write_track(tmp_path / "secret.wav")
    bait = tmp_path / f"song.{suffix}"
    bait.write_text(content.format(url=secret), encoding="utf-8")
    assert decode_error_message(bait, tmp_path / "mixture.wav").startswith(bait.name)


def test_image_sequence_pattern_in_a_file_name_is_not_expanded(tmp_path: Path) -> None:
    write_track(tmp_path / "a1.wav")
    with pytest.raises(UnusableTrackError):
        read_track_info(tmp_path / "a%d.wav")


def test_header_with_an_impossible_sample_rate_is_refused(tmp_path: Path) -> None:
    fmt = struct.pack("<IHHIIHH", 16, 1, 2, 4_000_000_000, 0, 4, 16)
    (tmp_path / "song").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + fmt + b"data\xff\xff\xff\xff" + bytes(400))
    assert "sample rate" in decode_error_message(tmp_path / "song", tmp_path / "mixture.wav")


def test_negative_duration_in_a_header_is_ignored(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(44100).T, 44100)
    run_ffmpeg("-i", tmp_path / "a.wav", "-c:a", "flac", tmp_path / "a.mka")
    before, mark, after = (tmp_path / "a.mka").read_bytes().partition(b"\x44\x89\x88")  # Matroska's Duration
    (tmp_path / "b.mka").write_bytes(before + mark + struct.pack(">d", -1e6) + after[8:])
    assert read_track_info(tmp_path / "b.mka").frames is None
    assert decode_track(tmp_path / "b.mka", tmp_path / "mixture.wav").frames == 44100


class FailingReader:
    """Reader whose second block raises UndecodableError."""

    def __init__(self, reader: TrackReader, problem: Message) -> None:
        self._reader, self._problem = reader, problem
        self.info = reader.info

    @property
    def notices(self) -> tuple[Message, ...]:
        return self._reader.notices

    def sections(self) -> Iterator[TrackSection]:
        for section in self._reader.sections():
            yield TrackSection(section.info, self._fail_at_second(section.blocks))

    def close(self) -> None:
        self._reader.close()

    def _fail_at_second(self, blocks: Iterator[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
        yield next(blocks)
        raise UndecodableError(self._problem)


@pytest.mark.parametrize("problem", [UNSUPPORTED_WIDTH_PROBLEM, DRM_PROBLEM, NO_AUDIO_PROBLEM])
def test_problem_of_a_later_block_is_the_reason_that_the_user_reads(problem: Message, tmp_path: Path) -> None:
    path = write_track(tmp_path / "song.wav", format="WAV")
    sizes: list[int] = []

    def decode(reader: TrackReader) -> None:
        failing = FailingReader(reader, problem)
        for section in failing.sections():
            sizes.extend(block.shape[1] for block in section.blocks)

    with pytest.raises(UnusableTrackError) as caught:
        decode_file(path, decode)
    assert str(caught.value).startswith(str(problem.with_arguments(name="song.wav")))
    assert sizes[0] == 65536
    assert len(sizes) == 2  # both decoders were tried


def test_file_that_the_second_decoder_can_read_to_its_end_is_decoded(tmp_path: Path) -> None:
    path = write_track(tmp_path / "song.wav", format="WAV")
    problems = iter([DAMAGED_PROBLEM])

    def decode(reader: TrackReader) -> int:
        problem = next(problems, None)
        readable = FailingReader(reader, problem) if problem else reader
        return sum(block.shape[1] for section in readable.sections() for block in section.blocks)

    assert decode_file(path, decode) == 100_000


def test_sample_rate_of_a_later_part_is_the_reason_that_the_user_reads(tmp_path: Path) -> None:
    parts = [tmp_path / "a.flac", tmp_path / "b.flac"]
    for part, rate in zip(parts, (44100, 1000), strict=True):
        soundfile.write(part, make_noise(20_000).T, rate)
    (tmp_path / "song.flac").write_bytes(b"".join(part.read_bytes() for part in parts))
    message = decode_error_message(tmp_path / "song.flac", tmp_path / "mixture.wav")
    assert message.startswith("song.flac has an unsupported sample rate, 1000 Hz.")


@pytest.mark.parametrize("suffix", ["wav", "aiff", "ogg"])
def test_header_without_samples_contains_no_audio(suffix: str, tmp_path: Path) -> None:
    soundfile.write(tmp_path / f"song.{suffix}", np.zeros((0, 2)), 44100)
    message = decode_error_message(tmp_path / f"song.{suffix}", tmp_path / "mixture.wav")
    assert message.startswith(f"song.{suffix} contains no audio.")


def test_flac_that_ends_behind_its_header_contains_no_audio(tmp_path: Path) -> None:
    data = write_track(tmp_path / "song.flac").read_bytes()
    (tmp_path / "song.flac").write_bytes(data[: data.index(b"\xff\xf8")])
    assert "contains no audio" in decode_error_message(tmp_path / "song.flac", tmp_path / "mixture.wav")
