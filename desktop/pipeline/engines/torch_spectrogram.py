"""Spectrograms of HTDemucs in torch, with the same values as in demucs, in float32 for a whole batch at once.

demucs pads a signal so that frame k is centred on hop k + 1/2, drops the frames and the bin outside of that, and adds
them again as silence in the inverse transform. Here the dropped frames are not computed at all.
"""

import math
from functools import lru_cache

import torch
from demucs.hdemucs import pad1d

from desktop.pipeline.engines.spectrogram import SQUARED_WINDOW_SUM, WINDOW_OVERLAP


class TorchSpectrogramTransform:
    """Transform between samples and spectrogram. A complex number is two channels: real and imaginary part."""

    def __init__(self, nfft: int) -> None:
        self._nfft = nfft
        self._hop = nfft // WINDOW_OVERLAP
        self._padding = self._hop // 2 * 3

    def count_frames(self, length: int) -> int:
        """Return the number of spectrogram frames of `length` samples."""
        return math.ceil(length / self._hop)

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        """Transform float32 `[n, channels, length]` into float32 `[n, 2 * channels, nfft / 2, frames]`."""
        n, channels, length = samples.shape
        frames = self.count_frames(length)
        # The end is padded to whole frames first, so that the reflection covers the same samples as in demucs.
        padded = pad1d(samples, (self._padding, self._padding + frames * self._hop - length), mode="reflect")
        spectrum = torch.stft(
            padded.reshape(n * channels, -1), self._nfft, self._hop, window=_window(self._nfft, samples.device),
            center=False, normalized=True, return_complex=True,
        )  # fmt: skip
        parts = torch.view_as_real(spectrum[:, :-1]).permute(0, 3, 1, 2)
        return parts.reshape(n, 2 * channels, self._nfft // 2, frames)

    def inverse(self, spectrogram: torch.Tensor, length: int) -> torch.Tensor:
        """Transform float32 `[..., 2, nfft / 2, frames]` into float32 `[..., length]`."""
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
