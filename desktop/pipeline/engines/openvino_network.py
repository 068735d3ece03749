"""An HTDemucs whose core OpenVINO computes, which knows the processor better than torch does. torch is not needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from desktop.pipeline.engines.converted import Converted, silence_openvino
from desktop.pipeline.engines.engine import Answer, Samples
from desktop.pipeline.engines.spectrogram import Spectrogram

if TYPE_CHECKING:
    from openvino import CompiledModel

_BF16 = "BF16"


class OpenVinoNetwork:
    """Gives what `HTDemucs.forward` gives. Segments are computed one after the other, each with all cores."""

    def __init__(self, converted: Converted, fast: bool) -> None:
        """`fast` computes the core with 16-bit numbers where the processor has them.

        Raises ImportError, OSError, RuntimeError.
        """
        silence_openvino()
        self.precision = "bf16" if fast and _BF16 in _abilities() else "f32"
        self._form = converted.form
        self._spectrogram = Spectrogram(converted.nfft)
        self._request = _compiled(converted, self.precision).create_infer_request()

    def __call__(self, segments: Samples) -> Answer:
        """As `Network` says."""
        answers = [self._one(segment) for segment in segments]
        return lambda: np.stack([answer() for answer in answers])

    def _one(self, segment: Samples) -> Answer:
        """`[2, frames]` to `[sources, 2, frames]`."""
        frames = segment.shape[1]
        sound = np.pad(segment, ((0, 0), (0, self._form.length - frames)))
        spectrogram, mean, deviation = _normalised(self._spectrogram.of(sound))
        waveform, mean_t, deviation_t = _normalised(sound)
        given = [spectrogram[None], waveform[None]]
        x, xt = self._request.infer(given, share_inputs=True, share_outputs=False).to_tuple()

        def stems() -> Samples:
            answer = self._spectrogram.back(_undone(x[0], mean, deviation), sound.shape[1])
            answer += _undone(xt[0], mean_t, deviation_t)
            return answer.reshape(len(self._form.sources), *sound.shape)[..., :frames]

        return stems


def _normalised(values: Samples) -> tuple[Samples, np.float32, np.float32]:
    """Brought to mean 0 and deviation 1; the mean and the deviation that were."""
    mean, deviation = values.mean(), values.std(ddof=1)
    return (values - mean) / (np.float32(1e-5) + deviation), mean, deviation


def _undone(values: Samples, mean: np.float32, deviation: np.float32) -> Samples:
    """The same memory, brought back."""
    values *= deviation
    values += mean
    return values


def _abilities() -> Sequence[str]:
    from openvino import Core

    return Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compiled(converted: Converted, precision: str) -> "CompiledModel":
    from openvino import Core

    with converted.compiled(precision) as kept:
        # What is kept of it leaves the weights where they are.
        hints = {"CACHE_DIR": str(kept), "CACHE_MODE": "OPTIMIZE_SIZE"}
        hints |= {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        return Core().compile_model(converted.graph, "CPU", hints)
