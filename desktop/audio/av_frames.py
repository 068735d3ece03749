"""Samples of FFmpeg's frames: how wide they are, and what they are worth."""

from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from desktop.audio.track import SampleFormat

_LOSSLESS = {"alac", "ape", "flac", "mlp", "shorten", "tak", "truehd", "tta", "wavpack", "wmalossless"}
_SCALES = {"uint8": 2.0**7, "int16": 2.0**15, "int32": 2.0**31}


def sample_format(codec: Any, frames: list[AudioFrame]) -> SampleFormat:
    """How the source holds its samples, by its codec and its first frames."""
    if not (codec.name.startswith(("pcm_", "adpcm_")) or codec.name in _LOSSLESS):
        return SampleFormat.LOSSY
    name = frames[0].format.name
    if name in ("flt", "fltp", "dbl", "dblp"):
        return SampleFormat.FLOAT
    if name not in ("s32", "s32p"):
        return SampleFormat.PCM_16
    if codec.name.startswith("pcm_"):
        return SampleFormat.PCM_32 if "32" in codec.name else SampleFormat.PCM_24
    # FFmpeg hands 24 bits over in the upper three bytes of 32, and does not say so here.
    full = any((_raw(frame) & 0xFF).any() for frame in frames)
    return SampleFormat.PCM_32 if full else SampleFormat.PCM_24


def is_silent(frame: AudioFrame) -> bool:
    """True when there is nothing to judge the width of samples by."""
    return frame.format.name in ("s32", "s32p") and not _raw(frame).any()


def samples(frame: AudioFrame) -> NDArray[np.float64]:
    """The frame as float64 `[channels, n]`, full scale ±1."""
    raw = _raw(frame)
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    floats = raw.astype(np.float64)
    if raw.dtype == np.uint8:
        floats -= 128.0
    return floats / _SCALES.get(raw.dtype.name, 1.0)


def _raw(frame: AudioFrame) -> NDArray[Any]:
    return frame.to_ndarray()
