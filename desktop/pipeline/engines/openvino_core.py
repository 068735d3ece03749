"""The core of an HTDemucs computed by OpenVINO, which knows the processor better than torch does."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from demucs.htdemucs import HTDemucs

from desktop.pipeline.engines.converted import convert, kept, key_of, silence_openvino
from desktop.pipeline.engines.core import Both
from desktop.pipeline.engines.rearranged import RearrangedCore
from desktop.pipeline.engines.spectrogram import Spectrogram
from desktop.pipeline.engines.torch_core import TorchCore

if TYPE_CHECKING:
    from openvino import CompiledModel, Model

_BF16 = "BF16"


class OpenVinoCore:
    """Built for segments of one length; torch computes those of another, which are the few of very short tracks."""

    def __init__(self, model: HTDemucs, weights: Path, cache: Path | None, fast: bool) -> None:
        """`weights` is what the model was read from, `cache` where its converted form is kept.

        `fast` computes with 16-bit numbers where the processor has them. Raises ImportError, OSError, RuntimeError.
        """
        silence_openvino()
        self._shapes = _shapes(model)
        self._torch = TorchCore(model)
        self.precision = "bf16" if fast and _BF16 in _abilities() else "f32"
        self._compiled = _compile(model, self._shapes, weights, cache, self.precision)
        self._request = self._compiled.create_infer_request()

    def __call__(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        """As `Core` says, one of the batch after the other."""
        if (spectrogram.shape[1:], waveform.shape[1:]) != tuple(shape[1:] for shape in self._shapes):
            return self._torch(spectrogram, waveform)
        answers = [self._one(*one) for one in zip(spectrogram.split(1), waveform.split(1), strict=True)]
        if len(answers) == 1:
            return answers[0]
        x, xt = zip(*answers, strict=True)
        return torch.cat(x), torch.cat(xt)

    def _one(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        given = [spectrogram.contiguous().numpy(), waveform.contiguous().numpy()]
        x, xt = self._request.infer(given, share_inputs=True, share_outputs=False).to_tuple()
        return torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(xt)


def _shapes(model: HTDemucs) -> tuple[torch.Size, torch.Size]:
    """Of the spectrogram and of the waveform of one segment."""
    frames, channels = int(model.segment * model.samplerate), model.audio_channels
    width = Spectrogram(model.nfft).frames(frames)
    return torch.Size((1, 2 * channels, model.nfft // 2, width)), torch.Size((1, channels, frames))


def _abilities() -> list[str]:
    from openvino import Core

    return Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compile(
    model: HTDemucs, shapes: tuple[torch.Size, torch.Size], weights: Path, cache: Path | None, precision: str
) -> "CompiledModel":
    from openvino import Core

    def converted() -> "Model":
        return convert(RearrangedCore(model).eval(), (torch.zeros(shapes[0]), torch.zeros(shapes[1])))

    graph = converted() if cache is None else kept(cache / key_of(weights, shapes[1][-1]), converted)
    hints = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    return Core().compile_model(graph, "CPU", hints)
