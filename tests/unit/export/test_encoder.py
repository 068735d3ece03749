"""Every format gives back what went in: length, place and level, and every sample where it is lossless."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from desktop.audio.resample import StreamResampler
from desktop.audio.stems import STEM_COMMENT, has_stem_comment
from desktop.audio.track import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from desktop.audio_formats import AAC, ALAC, AUDIO_FORMATS, FLAC, MP3, OGG_VORBIS, OPUS, WAV, AudioFormat
from desktop.errors import StorageError
from desktop.export.encoder import Encoder
from desktop.export.quantizer import AboveFullScaleError
from tests.helpers.encoded import (
    Signal,
    full_range_integers,
    make_music,
    measure_offset,
    mono_48k_16_bit,
    read_back,
    rms_db,
    stereo_44k_24_bit,
    stereo_96k_float,
)
from tests.helpers.small_disk import small_disk

ROOT = Path(__file__).parents[3]
SIGNALS = [mono_48k_16_bit, stereo_44k_24_bit, stereo_96k_float]
FORMATS = list(AUDIO_FORMATS.values())
LOSSLESS = [each for each in FORMATS if each.is_lossless]
# Frames that a decoder of AAC adds at the end: less than one packet.
MAX_AAC_PADDING = 1024


def encode(
    path: Path,
    audio_format: AudioFormat,
    signal: Signal,
    depth: str | None = None,
    output_rate: int | None = None,
    may_clip: bool = False,
) -> Encoder:
    frames, channels = signal.samples.shape
    encoder = Encoder(
        path,
        audio_format,
        signal.sample_rate,
        channels,
        frames,
        depth=depth,
        output_rate=output_rate,
        may_clip=may_clip,
    )
    with encoder:
        for block in signal.blocks():
            encoder.write(block)
    return encoder


def resample(signal: Signal, rate: int) -> Signal:
    resampler = StreamResampler(signal.sample_rate, rate, signal.samples.shape[1])
    parts = [resampler.push(signal.samples.T), resampler.flush()]
    return Signal(rate, np.concatenate(parts, axis=1).T)


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)
@pytest.mark.parametrize("make_signal", SIGNALS, ids=lambda make: make.__name__)
def test_file_has_length_place_and_level_of_the_signal(
    tmp_path: Path, audio_format: AudioFormat, make_signal: Callable[[], Signal]
) -> None:
    signal = make_signal()
    path = tmp_path / f"song{audio_format.suffix}"
    encode(path, audio_format, signal)
    copy = read_back(path)
    assert copy.sample_rate == audio_format.nearest_rate(signal.sample_rate)
    expected = signal if copy.sample_rate == signal.sample_rate else resample(signal, copy.sample_rate)
    extra = len(copy.samples) - len(expected.samples)
    assert 0 <= extra <= (MAX_AAC_PADDING if audio_format == AAC else 0)
    assert copy.samples.shape[1] == signal.samples.shape[1]
    assert measure_offset(expected.samples, copy.samples) == 0
    assert rms_db(copy.samples[: len(expected.samples)]) == pytest.approx(rms_db(expected.samples), abs=0.1)
    error = copy.samples[: len(expected.samples)] - expected.samples
    assert rms_db(error) < rms_db(expected.samples) - (90 if audio_format.is_lossless else 20)


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)
def test_lowest_and_highest_sample_rate_that_the_table_names_can_be_written(
    tmp_path: Path, audio_format: AudioFormat
) -> None:
    lowest = max(MIN_SAMPLE_RATE, audio_format.sample_rates[0])
    for rate in {lowest, min(MAX_SAMPLE_RATE, audio_format.sample_rates[-1])}:
        path = tmp_path / f"{rate}{audio_format.suffix}"
        encode(path, audio_format, Signal(rate, make_music(20_000, 48000, 2)))
        copy = read_back(path)
        assert (copy.sample_rate, 0 <= len(copy.samples) - 20_000 <= MAX_AAC_PADDING) == (rate, True)


def test_rate_that_a_format_does_not_hold_is_raised_to_the_next_and_lowered_only_to_the_highest() -> None:
    assert [AAC.nearest_rate(rate) for rate in (2000, 44100, 44101, 192_000)] == [7350, 44100, 48000, 96000]
    assert [OPUS.nearest_rate(rate) for rate in (44100, 96000)] == [48000, 48000]
    assert [FLAC.nearest_rate(rate) for rate in (44100, 700_000)] == [44100, 655_350]


@pytest.mark.parametrize("audio_format", LOSSLESS, ids=lambda each: each.name)
@pytest.mark.parametrize(("bits", "depth"), [(16, "16"), (16, "24"), (24, "24")])
@pytest.mark.parametrize("rate", [44100, 96000])
def test_samples_that_fit_the_bit_depth_are_kept_without_dither(
    tmp_path: Path, audio_format: AudioFormat, bits: int, depth: str, rate: int
) -> None:
    signal = full_range_integers(bits, rate)
    path = tmp_path / f"song{audio_format.suffix}"
    assert encode(path, audio_format, signal, depth).clipped_samples == 0
    np.testing.assert_array_equal(read_back(path).samples, signal.samples)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].format.name.removesuffix("p") == ("s16" if depth == "16" else "s32")


def test_float_wav_keeps_every_float_even_above_full_scale(tmp_path: Path) -> None:
    signal = Signal(96000, stereo_96k_float().samples * 16)
    encode(tmp_path / "song.wav", WAV, signal, "32f")
    np.testing.assert_array_equal(read_back(tmp_path / "song.wav").samples, signal.samples)


@pytest.mark.parametrize("audio_format", LOSSLESS, ids=lambda each: each.name)
def test_fewer_bits_add_noise_that_does_not_depend_on_the_signal(tmp_path: Path, audio_format: AudioFormat) -> None:
    # A tone of less than one step would vanish without dither.
    tone = 0.4 / 2**15 * np.sin(2 * np.pi * 1000 * np.arange(88200) / 44100)
    path = tmp_path / f"song{audio_format.suffix}"
    encode(path, audio_format, Signal(44100, tone[:, None]), "16")
    copy = read_back(path).samples[:, 0]
    assert np.dot(copy, tone) / np.dot(tone, tone) == pytest.approx(1, abs=0.05)
    error = (copy - tone) * 2**15
    assert np.var(error) == pytest.approx(
        0.25, rel=0.05
    )  # 1/6 of the dither and 1/12 of the rounding, in steps squared
    assert np.abs(error).max() <= 1.5


def test_silence_stays_silent_when_bits_are_reduced(tmp_path: Path) -> None:
    encode(tmp_path / "song.flac", FLAC, Signal(44100, np.zeros((20_000, 2))), "16")
    assert not read_back(tmp_path / "song.flac").samples.any()


def test_dither_is_the_same_in_each_run_and_another_in_each_file(tmp_path: Path) -> None:
    signal = Signal(44100, make_music(20_000, 44100, 1))
    for name in ("one/vocals.wav", "two/vocals.wav", "two/drums.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        encode(tmp_path / name, WAV, signal, "16")
    one, two = (read_back(path).samples for path in sorted(tmp_path.rglob("vocals.wav")))
    np.testing.assert_array_equal(one, two)
    assert (read_back(tmp_path / "two" / "drums.wav").samples != one).any()


@pytest.mark.parametrize("audio_format", LOSSLESS, ids=lambda each: each.name)
def test_sample_above_full_scale_is_refused_unless_the_file_may_clip(tmp_path: Path, audio_format: AudioFormat) -> None:
    samples = make_music(30_000, 44100, 2)
    samples[20_000:20_010, 1] = 1.5
    path = tmp_path / f"song{audio_format.suffix}"
    with pytest.raises(AboveFullScaleError):
        encode(path, audio_format, Signal(44100, samples))
    assert list(tmp_path.iterdir()) == []
    assert encode(path, audio_format, Signal(44100, samples), may_clip=True).clipped_samples == 10
    assert read_back(path).samples[20_000:20_010, 1].min() >= 1 - 2**-22


@pytest.mark.parametrize("audio_format", [MP3, AAC, OGG_VORBIS, OPUS], ids=lambda each: each.name)
def test_lossy_formats_hold_samples_above_full_scale(tmp_path: Path, audio_format: AudioFormat) -> None:
    samples = make_music(96_000, 48000, 2)
    samples *= 1.4 / np.abs(samples).max()
    path = tmp_path / f"song{audio_format.suffix}"
    assert encode(path, audio_format, Signal(48000, samples)).clipped_samples == 0
    assert np.abs(read_back(path).samples).max() == pytest.approx(1.4, rel=0.1)


def test_overshoot_of_the_resampler_is_counted_and_other_samples_above_full_scale_are_refused(tmp_path: Path) -> None:
    square = np.sign(np.sin(2 * np.pi * 700 * (np.arange(44100) + 0.5) / 44100))[:, None]
    assert encode(tmp_path / "one.wav", WAV, Signal(44100, square), "16", 48000).clipped_samples > 0
    with pytest.raises(AboveFullScaleError):
        encode(tmp_path / "two.wav", WAV, Signal(44100, square * 1.01), "16", 48000)


def test_file_is_resampled_to_the_rate_that_the_caller_asks_for(tmp_path: Path) -> None:
    signal = stereo_96k_float()
    encode(tmp_path / "song.flac", FLAC, signal, output_rate=44100)
    copy = read_back(tmp_path / "song.flac")
    assert (copy.sample_rate, len(copy.samples)) == (44100, round(len(signal.samples) * 44100 / 96000))
    assert rms_db(copy.samples - resample(signal, 44100).samples) < -130


@pytest.mark.parametrize(
    ("audio_format", "depth", "rate"), [(FLAC, "32f", 44100), (WAV, "8", 44100), (OPUS, None, 44100)]
)
def test_what_a_format_does_not_hold_is_an_error_before_a_file_is_written(
    tmp_path: Path, audio_format: AudioFormat, depth: str | None, rate: int
) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Encoder(tmp_path / "song", audio_format, 48000, 2, 100, depth=depth, output_rate=rate)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)
def test_nothing_has_the_name_of_the_file_before_it_is_complete_and_no_file_is_overwritten(
    tmp_path: Path, audio_format: AudioFormat
) -> None:
    path = tmp_path / f"song{audio_format.suffix}"
    encoder = Encoder(path, audio_format, 48000, 2, 30_000)
    encoder.write(make_music(30_000, 48000, 2))
    assert [each.suffix for each in tmp_path.iterdir()] == [".part"]
    encoder.abort()
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"precious")
    with pytest.raises(StorageError, match="already exists"):
        encode(path, audio_format, mono_48k_16_bit())
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"precious")]


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)
def test_stems_are_marked_in_every_format_and_other_files_are_not(tmp_path: Path, audio_format: AudioFormat) -> None:
    for comment in (STEM_COMMENT, "A mix", ""):
        path = tmp_path / f"song {comment}{audio_format.suffix}"
        with Encoder(path, audio_format, 48000, 1, 20_000, comment=comment) as encoder:
            encoder.write(make_music(20_000, 48000, 1))
        assert has_stem_comment(path) == (comment == STEM_COMMENT)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("audio_format", [FLAC, AAC, ALAC, OGG_VORBIS], ids=lambda each: each.name)
def test_memory_does_not_grow_with_the_length(tmp_path: Path, audio_format: AudioFormat) -> None:
    script = """
import sys
from pathlib import Path
import numpy as np
from desktop.audio_formats import AUDIO_FORMATS
from desktop.export.encoder import Encoder
from tests.helpers.memory import peak_memory
block = np.random.default_rng(0).uniform(-0.5, 0.5, (1 << 16, 2)).astype(np.float32)
with Encoder(Path(sys.argv[1]), AUDIO_FORMATS[sys.argv[2]], 48000, 2, 60 << 16, output_rate=44100) as encoder:
    peaks = []
    for _ in range(60):
        encoder.write(block)
        peaks.append(peak_memory())
print(peaks[-1] - peaks[10])
"""
    command = [sys.executable, "-c", script, str(tmp_path / "song"), audio_format.name]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert int(run.stdout) < 4 << 20  # 25 MB have passed


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda each: each.name)
def test_full_disk_is_reported_and_no_file_is_left(tmp_path: Path, audio_format: AudioFormat) -> None:
    noise = Signal(48000, np.random.default_rng(0).uniform(-1, 1, (2_000_000, 2)))
    with small_disk(tmp_path / "disk", 1) as disk:
        with pytest.raises(StorageError, match="the disk is full"):
            encode(disk.mount_point / f"song{audio_format.suffix}", audio_format, noise)
        assert list(disk.mount_point.iterdir()) == []


@pytest.mark.parametrize("audio_format", [WAV, FLAC, MP3, OGG_VORBIS, OPUS], ids=lambda each: each.name)
def test_other_programs_find_the_exact_length(tmp_path: Path, audio_format: AudioFormat) -> None:
    path = tmp_path / f"song{audio_format.suffix}"
    encode(path, audio_format, mono_48k_16_bit())
    assert soundfile.info(path).frames == 60_000
    assert rms_db(soundfile.read(path, always_2d=True)[0]) == pytest.approx(rms_db(mono_48k_16_bit().samples), abs=0.1)
