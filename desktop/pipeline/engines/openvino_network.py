"""An HTDemucs whose core OpenVINO computes, which knows the processor better than torch does. torch is not needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from desktop.pipeline.engines.engine import PendingStems, Samples
from desktop.pipeline.engines.openvino_cache import ExportedModel, disable_openvino_telemetry
from desktop.pipeline.engines.spectrogram import SpectrogramTransform

if TYPE_CHECKING:
    from openvino import CompiledModel

_BF16 = "BF16"


class OpenVinoNetwork:
    """Gives what `HTDemucs.forward` gives. Segments are computed one after the other, each with all cores."""

    def __init__(self, exported: ExportedModel, fast: bool) -> None:
        """`fast` computes the core with 16-bit numbers where the processor has them.

        Raises ImportError, OSError, RuntimeError.
        """
        disable_openvino_telemetry()
        self.precision = "bf16" if fast and _BF16 in _cpu_capabilities() else "f32"
        self._signature = exported.signature
        self._spectrogram = SpectrogramTransform(exported.nfft)
        self._infer_request = _compile(exported, self.precision).create_infer_request()

    def __call__(self, segments: Samples) -> PendingStems:
        """As `Network` says."""
        pending = [self._separate_segment(segment) for segment in segments]
        return lambda: np.stack([stems() for stems in pending])

    def _separate_segment(self, segment: Samples) -> PendingStems:
        """`[2, frames]` to `[sources, 2, frames]`."""
        frames = segment.shape[1]
        sound = np.pad(segment, ((0, 0), (0, self._signature.length - frames)))
        spectrogram, mean, deviation = _normalize(self._spectrogram.forward(sound))
        waveform, mean_t, deviation_t = _normalize(sound)
        inputs = [spectrogram[None], waveform[None]]
        x, xt = self._infer_request.infer(inputs, share_inputs=True, share_outputs=False).to_tuple()

        def stems() -> Samples:
            output = self._spectrogram.inverse(_denormalize(x[0], mean, deviation), sound.shape[1])
            output += _denormalize(xt[0], mean_t, deviation_t)
            return output.reshape(len(self._signature.sources), *sound.shape)[..., :frames]

        return stems


def _normalize(values: Samples) -> tuple[Samples, np.float32, np.float32]:
    """Brought to mean 0 and deviation 1; the mean and the deviation that were."""
    mean, deviation = values.mean(), values.std(ddof=1)
    return (values - mean) / (np.float32(1e-5) + deviation), mean, deviation


def _denormalize(values: Samples, mean: np.float32, deviation: np.float32) -> Samples:
    """The same memory, brought back."""
    values *= deviation
    values += mean
    return values


def _cpu_capabilities() -> Sequence[str]:
    from openvino import Core

    return Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compile(exported: ExportedModel, precision: str) -> "CompiledModel":
    from openvino import Core

    with exported.compile_cache(precision) as cache_folder:
        # What is kept of it leaves the weights where they are.
        properties = {"CACHE_DIR": str(cache_folder), "CACHE_MODE": "OPTIMIZE_SIZE"}
        properties |= {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        return Core().compile_model(exported.graph_path, "CPU", properties)
