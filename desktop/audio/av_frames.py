"""FFmpeg's frames: in which format they are, how wide their samples are, and what those are worth."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from numpy.typing import NDArray

from desktop.audio.downmix import Layout
from desktop.audio.track import SampleFormat, UndecodableError

_LOSSLESS_CODECS = {"alac", "ape", "flac", "mlp", "shorten", "tak", "truehd", "tta", "wavpack", "wmalossless"}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_FULL_SCALES = {"uint8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31, "int64": 2.0**63}
# Seconds that a format must last to be believed. A damaged header changes a few frames; four of an MP3 last longer.
_MIN_RUN_S = 0.1


def frame_format(frame: AudioFrame) -> tuple[int, str, str]:
    """Return the sample rate, layout and type of samples of a frame: what no two frames of one part differ in."""
    return frame.sample_rate, frame.layout.name, frame.format.name


def drop_short_runs(
    frames: Iterable[AudioFrame], on_dropped: Callable[[int], None], min_seconds: float = _MIN_RUN_S
) -> Iterator[AudioFrame]:
    """Yield the frames but for those in a format that lasts for less than `shortest` seconds: damage is taken for it.

    `left_out` gets the number of frames that were left out.
    """
    current_format: tuple[int, str, str] | None = None
    run: list[AudioFrame] = []
    for frame in frames:
        if frame_format(frame) == current_format:
            on_dropped(len(run))
            run = []
            yield frame
            continue
        if run and frame_format(run[0]) != frame_format(frame):
            if len(run) == 1 and _has_stale_sample_rate(run[0], frame, current_format):
                run[0].sample_rate = frame.sample_rate
            else:
                on_dropped(len(run))
                run = []
        run.append(frame)
        if sum(held.samples / held.sample_rate for held in run) >= min_seconds:
            current_format = frame_format(frame)
            yield from run
            run = []
    if current_format is None:
        yield from run
    else:
        on_dropped(len(run))


def _has_stale_sample_rate(
    frame: AudioFrame, following: AudioFrame, current_format: tuple[int, str, str] | None
) -> bool:
    """Return whether a frame's sample rate is that of the part before.

    Where MPEG audio changes, FFmpeg tells the channels of the first frame at once, and the rate one frame later.
    """
    _, *others = frame_format(frame)
    return (current_format is None or frame.sample_rate == current_format[0]) and others == list(
        frame_format(following)[1:]
    )


def frame_layout(frame: AudioFrame) -> Layout:
    """Return the loudspeaker of each channel; "NONE" where the file does not tell."""
    return tuple(channel.name for channel in frame.layout.channels)


def detect_sample_format(codec: Any, frames: list[AudioFrame]) -> SampleFormat:
    """How the source holds its samples, by its codec and its first frames."""
    if not (codec.name.startswith(("pcm_", "adpcm_")) or codec.name in _LOSSLESS_CODECS):
        return SampleFormat.LOSSY
    name = frames[0].format.name.removesuffix("p")
    if name in ("flt", "dbl"):
        return SampleFormat.FLOAT
    if name not in ("s32", "s64"):
        return SampleFormat.PCM_16
    if codec.name.startswith("pcm_"):
        return SampleFormat.PCM_24 if "24" in codec.name else SampleFormat.PCM_32
    # FFmpeg hands 24 bits over in the upper three bytes of 32, and does not say so here.
    uses_low_byte = any((_raw_samples(frame) & 0xFF).any() for frame in frames)
    return SampleFormat.PCM_32 if uses_low_byte else SampleFormat.PCM_24


def is_silent(frame: AudioFrame) -> bool:
    """True when there is nothing to judge the width of samples by."""
    return frame.format.name in ("s32", "s32p") and not _raw_samples(frame).any()


def frame_to_float64(frame: AudioFrame) -> NDArray[np.float64]:
    """The frame as float64 `[channels, n]`, full scale ±1."""
    raw = _raw_samples(frame)
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    floats = raw.astype(np.float64)
    if raw.dtype == np.uint8:
        floats -= 128.0
    return floats / _FULL_SCALES.get(raw.dtype.name, 1.0)


def _raw_samples(frame: AudioFrame) -> NDArray[Any]:
    """Return the numbers of a frame: `[channels, n]`, or `[1, n·channels]` where the channels alternate.

    Raises UndecodableError for types of samples that no decoder here gives.
    """
    dtype, channels = _DTYPES.get(frame.format.name.removesuffix("p")), frame.layout.nb_channels
    if dtype is None:
        raise UndecodableError("has samples of an unsupported width")
    # Not frame.planes or to_ndarray(): PyAV looks for the end of a list that has none from eight planes on.
    planes, count = (channels, frame.samples) if frame.format.is_planar else (1, frame.samples * channels)
    data = [cast("bytes", AudioPlane(frame, plane)) for plane in range(planes)]
    return np.stack([np.frombuffer(plane, dtype, count) for plane in data])
