"""Format, sample width and conversion to float64 of the frames that FFmpeg decodes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from numpy.typing import NDArray

from desktop.audio.downmix import Layout
from desktop.audio.track import UNSUPPORTED_WIDTH_PROBLEM, SampleFormat, UndecodableError

_LOSSLESS_CODECS = {"alac", "ape", "flac", "mlp", "shorten", "tak", "truehd", "tta", "wavpack", "wmalossless"}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
_FULL_SCALES = {"uint8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31, "int64": 2.0**63}
# Minimum duration in seconds of a section in one format. A damaged header changes only a few frames; four frames of an
# MP3 last longer than this.
_MIN_RUN_S = 0.1


def frame_format(frame: AudioFrame) -> tuple[int, str, str]:
    """Return a frame's sample rate in Hz, layout name and sample type name; all frames of one section share them."""
    return frame.sample_rate, frame.layout.name, frame.format.name


def drop_short_runs(
    frames: Iterable[AudioFrame], on_dropped: Callable[[int], None], min_seconds: float = _MIN_RUN_S
) -> Iterator[AudioFrame]:
    """Yield the frames, dropping runs in one format that last less than `min_seconds`: they come from damaged headers.

    Call `on_dropped` with the number of frames of each dropped run; it may be 0. If no run is long enough, yield the
    last one.
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
        if sum(pending.samples / pending.sample_rate for pending in run) >= min_seconds:
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
    """Return True if a frame still reports the sample rate of the previous section.

    Where MPEG audio changes its format, FFmpeg updates the channels with the first frame and the rate one frame later.
    """
    _, *others = frame_format(frame)
    return (current_format is None or frame.sample_rate == current_format[0]) and others == list(
        frame_format(following)[1:]
    )


def frame_layout(frame: AudioFrame) -> Layout:
    """Return the loudspeaker name of each channel; "NONE" where the file does not declare it."""
    return tuple(channel.name for channel in frame.layout.channels)


def detect_sample_format(codec: Any, frames: list[AudioFrame]) -> SampleFormat:
    """Return the source's sample format, derived from its codec and its first frames."""
    if not (codec.name.startswith(("pcm_", "adpcm_")) or codec.name in _LOSSLESS_CODECS):
        return SampleFormat.LOSSY
    name = frames[0].format.name.removesuffix("p")
    if name in ("flt", "dbl"):
        return SampleFormat.FLOAT
    if name not in ("s32", "s64"):
        return SampleFormat.PCM_16
    if codec.name.startswith("pcm_"):
        return SampleFormat.PCM_24 if "24" in codec.name else SampleFormat.PCM_32
    # FFmpeg returns 24-bit samples in the upper three bytes of 32 bits, and exposes no flag for it here.
    uses_low_byte = any((_raw_samples(frame) & 0xFF).any() for frame in frames)
    return SampleFormat.PCM_32 if uses_low_byte else SampleFormat.PCM_24


def is_silent(frame: AudioFrame) -> bool:
    """Return True if a 32-bit frame has only zeros, so that it does not show the sample width of the source."""
    return frame.format.name in ("s32", "s32p") and not _raw_samples(frame).any()


def frame_to_float64(frame: AudioFrame) -> NDArray[np.float64]:
    """Return the frame's samples as float64 `[channels, frames]`, full scale ±1.

    Raises UndecodableError if the sample type is not supported.
    """
    raw = _raw_samples(frame)
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    floats = raw.astype(np.float64)
    if raw.dtype == np.uint8:
        floats -= 128.0
    return floats / _FULL_SCALES.get(raw.dtype.name, 1.0)


def _raw_samples(frame: AudioFrame) -> NDArray[Any]:
    """Return a frame's raw samples: `[channels, frames]` if planar, `[1, frames * channels]` if interleaved.

    Raises UndecodableError if the sample type is not supported.
    """
    dtype, channels = _DTYPES.get(frame.format.name.removesuffix("p")), frame.layout.nb_channels
    if dtype is None:
        raise UndecodableError(UNSUPPORTED_WIDTH_PROBLEM)
    # Do not use frame.planes or to_ndarray(): PyAV searches for the end of a list that is not terminated from eight
    # planes on.
    planes, count = (channels, frame.samples) if frame.format.is_planar else (1, frame.samples * channels)
    data = [cast("bytes", AudioPlane(frame, plane)) for plane in range(planes)]
    return np.stack([np.frombuffer(plane, dtype, count) for plane in data])
