"""One HTDemucs around its core: sound to spectrogram and back, and the normalising, in float32 as demucs does it."""

import torch
from demucs.htdemucs import HTDemucs
from torch.nn import functional

from desktop.pipeline.engines.core import Core
from desktop.pipeline.engines.spectrogram import Spectrogram


class Hybrid:
    """Gives what `HTDemucs.forward` gives, whatever computes the core."""

    def __init__(self, model: HTDemucs) -> None:
        self._model = model
        self._spectrogram = Spectrogram(model.nfft)
        self._trained = int(model.segment * model.samplerate) if model.use_train_segment else 0

    def separate(self, mixture: torch.Tensor, core: Core) -> torch.Tensor:
        """float32 `[n, 2, frames]` to float32 `[n, sources, 2, frames]`, on the same device."""
        if not splits(self._model):
            return self._model(mixture)
        n, channels, frames = mixture.shape
        sound = functional.pad(mixture, (0, max(self._trained - frames, 0)))
        spectrogram, mean, deviation = _normalised(self._spectrogram.of(sound))
        waveform, mean_t, deviation_t = _normalised(sound)
        x, xt = core(spectrogram, waveform)
        x = (x * deviation + mean).view(n, len(self._model.sources), channels, 2, *x.shape[-2:])
        answer = self._spectrogram.back(x, sound.shape[-1])
        answer += (xt * deviation_t + mean_t).view(answer.shape)
        return answer[..., :frames]


def splits(model: HTDemucs) -> bool:
    """Whether a core can be told from the rest: not where the model gives masks instead of spectrograms."""
    return bool(model.cac) and model.nfft % 8 == 0


def _normalised(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Each of the batch brought to mean 0 and deviation 1; its mean and its deviation."""
    around = tuple(range(1, values.dim()))
    mean, deviation = values.mean(around, keepdim=True), values.std(around, keepdim=True)
    return (values - mean) / (1e-5 + deviation), mean, deviation
