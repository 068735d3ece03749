"""The spectrograms that HTDemucs hears and gives, as demucs makes them: float32 throughout, done once for a batch.

demucs pads a signal so that frame k is centred on the hop k and a half, drops the frames and the bin beyond that, and
on the way back adds them again as silence. Frames that are dropped are not made here at all.
"""

import math
from functools import lru_cache

import torch
from demucs.hdemucs import pad1d

from desktop.pipeline.engines.spectrogram import SQUARED_WINDOW_SUM, WINDOW_OVERLAP


class TorchSpectrogramTransform:
    """Sound to spectrogram and back. Complex numbers are two channels: the real part and the imaginary."""

    def __init__(self, nfft: int) -> None:
        self._nfft = nfft
        self._hop = nfft // WINDOW_OVERLAP
        self._padding = self._hop // 2 * 3

    def count_frames(self, length: int) -> int:
        """How many frames a sound of `length` has."""
        return math.ceil(length / self._hop)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """float32 `[n, channels, length]` to float32 `[n, 2 * channels, nfft / 2, frames]`."""
        n, channels, length = sound.shape
        frames = self.count_frames(length)
        # The end is padded to whole frames first, so that what it mirrors is what demucs mirrors.
        padded = pad1d(sound, (self._padding, self._padding + frames * self._hop - length), mode="reflect")
        spectrum = torch.stft(
            padded.reshape(n * channels, -1), self._nfft, self._hop, window=_window(self._nfft, sound.device),
            center=False, normalized=True, return_complex=True,
        )  # fmt: skip
        parts = torch.view_as_real(spectrum[:, :-1]).permute(0, 3, 1, 2)
        return parts.reshape(n, 2 * channels, self._nfft // 2, frames)

    def inverse(self, spectrogram: torch.Tensor, length: int) -> torch.Tensor:
        """float32 `[..., 2, nfft / 2, frames]` to float32 `[..., length]`."""
        *outer, _, bins, frames = spectrogram.shape
        spectrum = spectrogram.new_zeros((math.prod(outer), frames, bins + 1, 2))
        spectrum[:, :, :-1] = spectrogram.reshape(-1, 2, bins, frames).permute(0, 3, 2, 1)
        pieces = torch.fft.irfft(torch.view_as_complex(spectrum), norm="ortho")
        pieces *= _window(self._nfft, spectrogram.device) / SQUARED_WINDOW_SUM
        pieces = pieces.view(-1, frames, WINDOW_OVERLAP, self._hop)
        sums = spectrogram.new_zeros((len(pieces), frames + WINDOW_OVERLAP - 1, self._hop))
        for offset in range(WINDOW_OVERLAP):
            sums[:, offset : offset + frames] += pieces[:, :, offset]
        return sums.view(len(pieces), -1)[:, self._padding : self._padding + length].reshape(*outer, length)


@lru_cache(maxsize=8)
def _window(nfft: int, device: torch.device) -> torch.Tensor:
    return torch.hann_window(nfft, device=device)
