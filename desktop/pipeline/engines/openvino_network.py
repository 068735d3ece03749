"""An HTDemucs whose core is computed by OpenVINO, which is faster on processors than torch; torch is not needed."""

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
    """Network with the results of `HTDemucs.forward`. Segments are computed one by one, each on all cores."""

    def __init__(self, exported: ExportedModel, fast: bool) -> None:
        """Compile the core for this processor; `fast` selects bfloat16 if the processor supports it.

        Raises ImportError, OSError, RuntimeError.
        """
        disable_openvino_telemetry()
        self.precision = "bf16" if fast and _BF16 in _cpu_capabilities() else "f32"
        self._signature = exported.signature
        self._spectrogram = SpectrogramTransform(exported.nfft)
        self._infer_request = _compile(exported, self.precision).create_infer_request()

    def __call__(self, segments: Samples) -> PendingStems:
        """Separate float32 `[n, 2, frames]` into float32 `[n, sources, 2, frames]`; see `Network`."""
        pending = [self._separate_segment(segment) for segment in segments]
        return lambda: np.stack([stems() for stems in pending])

    def _separate_segment(self, segment: Samples) -> PendingStems:
        """Separate float32 `[2, frames]` into float32 `[sources, 2, frames]`."""
        frames = segment.shape[1]
        padded = np.pad(segment, ((0, 0), (0, self._signature.length - frames)))
        spectrogram, mean, deviation = _normalize(self._spectrogram.forward(padded))
        waveform, mean_t, deviation_t = _normalize(padded)
        inputs = [spectrogram[None], waveform[None]]
        x, xt = self._infer_request.infer(inputs, share_inputs=True, share_outputs=False).to_tuple()

        def stems() -> Samples:
            output = self._spectrogram.inverse(_denormalize(x[0], mean, deviation), padded.shape[1])
            output += _denormalize(xt[0], mean_t, deviation_t)
            return output.reshape(len(self._signature.sources), *padded.shape)[..., :frames]

        return stems


def _normalize(values: Samples) -> tuple[Samples, np.float32, np.float32]:
    """Return the values normalized to mean 0 and deviation 1, their mean and their deviation."""
    mean, deviation = values.mean(), values.std(ddof=1)
    return (values - mean) / (np.float32(1e-5) + deviation), mean, deviation


def _denormalize(values: Samples, mean: np.float32, deviation: np.float32) -> Samples:
    """Undo `_normalize` in place, and return the same array."""
    values *= deviation
    values += mean
    return values


def _cpu_capabilities() -> Sequence[str]:
    from openvino import Core

    return Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compile(exported: ExportedModel, precision: str) -> "CompiledModel":
    from openvino import Core

    with exported.compile_cache(precision) as cache_folder:
        # OPTIMIZE_SIZE keeps the weights out of the cache; they are read from the exported model.
        properties = {"CACHE_DIR": str(cache_folder), "CACHE_MODE": "OPTIMIZE_SIZE"}
        properties |= {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        return Core().compile_model(exported.graph_path, "CPU", properties)
