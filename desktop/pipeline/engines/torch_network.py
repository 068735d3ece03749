"""An HTDemucs computed by torch, on the processor or on a graphics card."""

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
    """Network with the results of `HTDemucs.forward`, in float32 or with 16-bit floats inside the core."""

    def __init__(
        self,
        model: HTDemucs,
        core_device: torch.device = _CPU,
        spectrogram_device: torch.device = _CPU,
        half_dtype: torch.dtype | None = None,
    ) -> None:
        """Move the model to `core_device`; spectrograms are computed in float32 on `spectrogram_device`.

        `half_dtype` is the 16-bit type of the core, None for float32.
        """
        self._model = model.to(core_device)
        self._core = HTDemucsCore(model).eval()
        self._core_device, self._spectrogram_device = core_device, spectrogram_device
        self._half_dtype = half_dtype
        self._spectrogram = TorchSpectrogramTransform(model.nfft)
        self._training_frames = int(model.segment * model.samplerate) if model.use_train_segment else 0

    def __call__(self, segments: Samples) -> PendingStems:
        """Separate float32 `[n, 2, frames]` into float32 `[n, sources, 2, frames]`; see `Network`."""
        try:
            with torch.inference_mode(), attention_fastpath_disabled():
                stems = _to_host(self._separate(_to_device(torch.from_numpy(segments), self._spectrogram_device)))
        except torch.OutOfMemoryError as error:
            raise OutOfMemoryError(str(error)) from error
        return stems

    def _separate(self, mixture: torch.Tensor) -> torch.Tensor:
        """Separate float32 `[n, 2, frames]` into float32 `[n, sources, 2, frames]`, on one device."""
        if not has_separable_core(self._model):
            return self._model(mixture.to(self._core_device))
        n, channels, frames = mixture.shape
        padded = functional.pad(mixture, (0, max(self._training_frames - frames, 0)))
        spectrogram, mean, deviation = _normalize(self._spectrogram.forward(padded))
        waveform, mean_t, deviation_t = _normalize(padded)
        x, xt = self._run_core_checked(spectrogram, waveform)
        x = (x * deviation + mean).view(n, len(self._model.sources), channels, 2, *x.shape[-2:])
        output = self._spectrogram.inverse(x, padded.shape[-1])
        output += (xt * deviation_t + mean_t).view(output.shape)
        return output[..., :frames]

    def _run_core_checked(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> BranchPair:
        """Run `HTDemucsCore`. If 16-bit floats overflow, repeat in float32, and use float32 from then on."""
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
    """Return the signature of a model."""
    length = int(model.samplerate * model.segment)
    return ModelSignature(tuple(model.sources), model.samplerate, length, bool(model.use_train_segment))


def has_separable_core(model: HTDemucs) -> bool:
    """Return True if the core can be computed apart from the spectrograms: not for models that output masks."""
    return bool(model.cac) and model.nfft % 8 == 0


@contextmanager
def attention_fastpath_disabled() -> Generator[None]:
    """Disable the fast path of `MultiheadAttention` in this context: it is the slower one on these shapes."""
    was_enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_enabled)


def _normalize(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return each item of the batch normalized to mean 0 and deviation 1, its mean and its deviation."""
    dims = tuple(range(1, values.dim()))
    mean, deviation = values.mean(dims, keepdim=True), values.std(dims, keepdim=True)
    return (values - mean) / (1e-5 + deviation), mean, deviation


def _to_device(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copy values to the device; to a graphics card asynchronously, from pinned memory."""
    if device.type == "cuda":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


def _to_host(values: torch.Tensor) -> PendingStems:
    """Copy values to the processor; from a graphics card asynchronously, during the next computation."""
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
