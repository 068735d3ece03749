"""The core of an HTDemucs computed by torch: on the processor, or on a graphics card."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from demucs.htdemucs import HTDemucs

from desktop.pipeline.engines.core import Both, CoreModule


class TorchCore:
    """On the device where the model lies, in float32 or with 16-bit numbers inside."""

    def __init__(self, model: HTDemucs, half: torch.dtype | None = None) -> None:
        self._module = CoreModule(model).eval()
        self._device = next(model.parameters()).device
        self._half = half

    def __call__(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        """As `Core` says. What does not fit 16-bit numbers is computed again in float32, then and from then on."""
        if self._half is not None:
            with torch.autocast(self._device.type, self._half):
                answer = self._compute(spectrogram, waveform)
            if all(bool(part.isfinite().all()) for part in answer):
                return answer
            self._half = None
        return self._compute(spectrogram, waveform)

    def _compute(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        with exact_attention():
            x, xt = self._module(spectrogram.to(self._device), waveform.to(self._device))
        return x.float().to(spectrogram.device), xt.float().to(waveform.device)


@contextmanager
def exact_attention() -> Generator[None]:
    """Attention by the general kernel: the fast path of `MultiheadAttention` is the slower one on these shapes."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
