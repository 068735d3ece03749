"""An HTDemucs computed by torch: on the processor, or on a graphics card."""

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch
from demucs.htdemucs import HTDemucs
from torch.nn import functional

from desktop.pipeline.engines.core import CoreModule
from desktop.pipeline.engines.crossing import Both
from desktop.pipeline.engines.engine import Answer, Samples
from desktop.pipeline.engines.network import Form, OutOfMemoryError
from desktop.pipeline.engines.torch_spectrogram import Spectrogram

_CPU = torch.device("cpu")


class TorchNetwork:
    """Gives what `HTDemucs.forward` gives, in float32 or with 16-bit numbers inside the core."""

    def __init__(
        self, model: HTDemucs, core: torch.device = _CPU, around: torch.device = _CPU, half: torch.dtype | None = None
    ) -> None:
        """The core computes on one device, the spectrograms in float32 on another or the same."""
        self._model = model.to(core)
        self._core = CoreModule(model).eval()
        self._device, self._around = core, around
        self._half = half
        self._spectrogram = Spectrogram(model.nfft)
        self._trained = int(model.segment * model.samplerate) if model.use_train_segment else 0

    def __call__(self, segments: Samples) -> Answer:
        """As `Network` says."""
        try:
            with torch.inference_mode(), exact_attention():
                stems = _fetched(self._separate(_moved(torch.from_numpy(segments), self._around)))
        except torch.OutOfMemoryError as error:
            raise OutOfMemoryError(str(error)) from error
        return stems

    def _separate(self, mixture: torch.Tensor) -> torch.Tensor:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`, on the same device."""
        if not splits(self._model):
            return self._model(mixture.to(self._device))
        n, channels, frames = mixture.shape
        sound = functional.pad(mixture, (0, max(self._trained - frames, 0)))
        spectrogram, mean, deviation = _normalised(self._spectrogram.of(sound))
        waveform, mean_t, deviation_t = _normalised(sound)
        x, xt = self._through_core(spectrogram, waveform)
        x = (x * deviation + mean).view(n, len(self._model.sources), channels, 2, *x.shape[-2:])
        answer = self._spectrogram.back(x, sound.shape[-1])
        answer += (xt * deviation_t + mean_t).view(answer.shape)
        return answer[..., :frames]

    def _through_core(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        """As `CoreModule`. What does not fit 16-bit numbers is computed again in float32, then and from then on."""
        if self._half is not None:
            with torch.autocast(self._device.type, self._half):
                answer = self._compute(spectrogram, waveform)
            if all(bool(part.isfinite().all()) for part in answer):
                return answer
            self._half = None
        return self._compute(spectrogram, waveform)

    def _compute(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        x, xt = self._core(spectrogram.to(self._device), waveform.to(self._device))
        return x.float().to(self._around), xt.float().to(self._around)


def form_of(model: HTDemucs) -> Form:
    """What a model takes and gives."""
    length = int(model.samplerate * model.segment)
    return Form(tuple(model.sources), model.samplerate, length, bool(model.use_train_segment))


def splits(model: HTDemucs) -> bool:
    """Whether a core can be told from the rest: not where the model gives masks instead of spectrograms."""
    return bool(model.cac) and model.nfft % 8 == 0


@contextmanager
def exact_attention() -> Generator[None]:
    """Attention by the general kernel: the fast path of `MultiheadAttention` is the slower one on these shapes."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _normalised(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each of the batch brought to mean 0 and deviation 1; its mean and its deviation."""
    around = tuple(range(1, values.dim()))
    mean, deviation = values.mean(around, keepdim=True), values.std(around, keepdim=True)
    return (values - mean) / (1e-5 + deviation), mean, deviation


def _moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """On that device; to a graphics card through pinned memory, which it reads by itself."""
    if device.type == "cuda":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


def _fetched(values: torch.Tensor) -> Answer:
    """The same on the processor; from a graphics card while it computes what comes next."""
    if values.device.type != "cuda":
        stems = values.cpu().numpy()
        return lambda: stems
    target = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    target.copy_(values, non_blocking=True)
    there = torch.cuda.Event()
    there.record()

    def wait() -> Samples:
        there.synchronize()
        return np.asarray(target.numpy())

    return wait
