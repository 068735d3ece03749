"""An HTDemucs computed by torch: on the processor, or on a graphics card."""

from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch
from demucs.htdemucs import HTDemucs
from torch.nn import functional

from desktop.pipeline.engines.engine import ModelSignature, OutOfMemoryError, PendingStems, Samples
from desktop.pipeline.engines.htdemucs_core import BranchPair, HTDemucsCore
from desktop.pipeline.engines.torch_spectrogram import TorchSpectrogramTransform

_CPU = torch.device("cpu")


class TorchNetwork:
    """Gives what `HTDemucs.forward` gives, in float32 or with 16-bit numbers inside the core."""

    def __init__(
        self,
        model: HTDemucs,
        core_device: torch.device = _CPU,
        spectrogram_device: torch.device = _CPU,
        half_dtype: torch.dtype | None = None,
    ) -> None:
        """The core computes on one device, the spectrograms in float32 on another or the same."""
        self._model = model.to(core_device)
        self._core = HTDemucsCore(model).eval()
        self._core_device, self._spectrogram_device = core_device, spectrogram_device
        self._half_dtype = half_dtype
        self._spectrogram = TorchSpectrogramTransform(model.nfft)
        self._training_frames = int(model.segment * model.samplerate) if model.use_train_segment else 0

    def __call__(self, segments: Samples) -> PendingStems:
        """As `Network` says."""
        try:
            with torch.inference_mode(), attention_fastpath_disabled():
                stems = _to_host(self._separate(_to_device(torch.from_numpy(segments), self._spectrogram_device)))
        except torch.OutOfMemoryError as error:
            raise OutOfMemoryError(str(error)) from error
        return stems

    def _separate(self, mixture: torch.Tensor) -> torch.Tensor:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`, on the same device."""
        if not has_separable_core(self._model):
            return self._model(mixture.to(self._core_device))
        n, channels, frames = mixture.shape
        sound = functional.pad(mixture, (0, max(self._training_frames - frames, 0)))
        spectrogram, mean, deviation = _normalize(self._spectrogram.forward(sound))
        waveform, mean_t, deviation_t = _normalize(sound)
        x, xt = self._run_core_checked(spectrogram, waveform)
        x = (x * deviation + mean).view(n, len(self._model.sources), channels, 2, *x.shape[-2:])
        output = self._spectrogram.inverse(x, sound.shape[-1])
        output += (xt * deviation_t + mean_t).view(output.shape)
        return output[..., :frames]

    def _run_core_checked(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> BranchPair:
        """As `HTDemucsCore`. What does not fit 16-bit numbers is computed again in float32, then and from then on."""
        if self._half_dtype is not None:
            with torch.autocast(self._core_device.type, self._half_dtype):
                output = self._run_core(spectrogram, waveform)
            if all(bool(part.isfinite().all()) for part in output):
                return output
            self._half_dtype = None
        return self._run_core(spectrogram, waveform)

    def _run_core(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> BranchPair:
        x, xt = self._core(spectrogram.to(self._core_device), waveform.to(self._core_device))
        return x.float().to(self._spectrogram_device), xt.float().to(self._spectrogram_device)


def signature_of(model: HTDemucs) -> ModelSignature:
    """What a model takes and gives."""
    length = int(model.samplerate * model.segment)
    return ModelSignature(tuple(model.sources), model.samplerate, length, bool(model.use_train_segment))


def has_separable_core(model: HTDemucs) -> bool:
    """Whether a core can be told from the rest: not where the model gives masks instead of spectrograms."""
    return bool(model.cac) and model.nfft % 8 == 0


@contextmanager
def attention_fastpath_disabled() -> Generator[None]:
    """Attention by the general kernel: the fast path of `MultiheadAttention` is the slower one on these shapes."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


def _normalize(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each of the batch brought to mean 0 and deviation 1; its mean and its deviation."""
    dims = tuple(range(1, values.dim()))
    mean, deviation = values.mean(dims, keepdim=True), values.std(dims, keepdim=True)
    return (values - mean) / (1e-5 + deviation), mean, deviation


def _to_device(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """On that device; to a graphics card through pinned memory, which it reads by itself."""
    if device.type == "cuda":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


def _to_host(values: torch.Tensor) -> PendingStems:
    """The same on the processor; from a graphics card while it computes what comes next."""
    if values.device.type != "cuda":
        stems = values.cpu().numpy()
        return lambda: stems
    host_buffer = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    host_buffer.copy_(values, non_blocking=True)
    copy_done = torch.cuda.Event()
    copy_done.record()

    def wait() -> Samples:
        copy_done.synchronize()
        return np.asarray(host_buffer.numpy())

    return wait
