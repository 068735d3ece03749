"""Resampling of a stream to another sample rate, with an exact number of output frames."""

import numpy as np
import soxr
from numpy.typing import NDArray


class StreamResampler:
    """Block-by-block resampler (soxr, quality VHQ).

    `n` input frames give `round(n * rate_out / rate_in)` output frames in total.
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        self._rates = (rate_in, rate_out)
        self._channels = channels
        self._input_frames = self._output_frames = 0
        is_same_rate = rate_in == rate_out
        self._stream = None if is_same_rate else soxr.ResampleStream(rate_in, rate_out, channels, "float64", "VHQ")

    def push(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """Add `[channels, frames]` and return the output that is ready: float64 `[channels, m]`; m may be 0."""
        self._input_frames += block.shape[1]
        return self._resample(block, last=False)

    def flush(self) -> NDArray[np.float64]:
        """Return the remaining output after the last block: float64 `[channels, m]`."""
        tail = self._resample(np.zeros((self._channels, 0)), last=True)
        rate_in, rate_out = self._rates
        missing = round(self._input_frames * rate_out / rate_in) - self._output_frames
        self._output_frames += missing
        if missing < 0:
            return tail[:, :missing]
        return np.pad(tail, ((0, 0), (0, missing)))

    def _resample(self, block: NDArray[np.floating], last: bool) -> NDArray[np.float64]:
        if self._stream is None:
            out = np.asarray(block, dtype=np.float64)
        else:
            # soxr takes a one-dimensional array for a single channel.
            frames = np.ascontiguousarray(block.T, dtype=np.float64)
            out = self._stream.resample_chunk(frames[:, 0] if self._channels == 1 else frames, last=last)
            out = out.reshape(-1, self._channels).T
        self._output_frames += out.shape[1]
        return out
