"""The part of HTDemucs between the spectrograms: its encoders, the transformer across both branches, its decoders."""

from typing import cast

import torch
from demucs.hdemucs import HDecLayer, HEncLayer
from demucs.htdemucs import HTDemucs
from torch import nn

from desktop.pipeline.engines.crossing import Both, Crossing


class CoreModule(nn.Module):
    """The layers themselves, as torch computes them, and as OpenVINO takes them over."""

    def __init__(self, model: HTDemucs) -> None:
        super().__init__()
        self._model = model
        self._crossing = Crossing(model.crosstransformer) if model.crosstransformer is not None else None

    def forward(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> Both:
        """Take what is normalised, give what is.

        float32 `[n, 4, bins, frames]` and `[n, 2, length]` to `[n, sources * 4, bins, frames]` and
        `[n, sources * 2, length]`, on the same device.
        """
        model = self._model
        x, xt = spectrogram, waveform
        widths: list[int] = []
        lengths: list[int] = []
        skips: list[torch.Tensor] = []
        skips_t: list[torch.Tensor] = []
        for number, encode in enumerate(model.encoder):
            joined = None
            widths.append(x.shape[-1])
            if number < len(model.tencoder):
                encode_t = cast("HEncLayer", model.tencoder[number])
                lengths.append(xt.shape[-1])
                xt = self._encode(encode_t, xt)
                # The innermost layer of the waveform's branch, where there is one, joins the spectrogram's.
                joined = xt if encode_t.empty else None
                skips_t.extend([] if encode_t.empty else [xt])
            x = self._encode(encode, x, joined)
            if number == 0 and model.freq_emb is not None:
                x = x + self._frequencies(x.shape[-2], x.device)
            skips.append(x)
        x, xt = self._across(x, xt)
        alone = model.depth - len(model.tdecoder)
        for number, decode in enumerate(model.decoder):
            x, before = self._decode(decode, x, skips.pop(), widths.pop())
            if number >= alone:
                decode_t = cast("HDecLayer", model.tdecoder[number - alone])
                wanted = (before[:, :, 0], None) if decode_t.empty else (xt, skips_t.pop())
                xt, _ = self._decode(decode_t, *wanted, lengths.pop())
        return x, xt

    def _encode(self, layer: nn.Module, x: torch.Tensor, joined: torch.Tensor | None = None) -> torch.Tensor:
        return layer(x, joined)

    def _decode(self, layer: nn.Module, x: torch.Tensor, skip: torch.Tensor | None, length: int) -> Both:
        """Also what the layer had before its last convolution: there the branches part."""
        return layer(x, skip, length)

    def _frequencies(self, bins: int, device: torch.device) -> torch.Tensor:
        embedding = cast("nn.Module", self._model.freq_emb)
        return self._model.freq_emb_scale * embedding(torch.arange(bins, device=device)).t()[None, :, :, None]

    def _across(self, x: torch.Tensor, xt: torch.Tensor) -> Both:
        model = self._model
        if self._crossing is None:
            return x, xt
        if not model.bottom_channels:
            return self._crossing(x, xt)
        bins = x.shape[2]
        x = model.channel_upsampler(x.flatten(2)).unflatten(2, (bins, -1))
        x, xt = self._crossing(x, model.channel_upsampler_t(xt))
        x = model.channel_downsampler(x.flatten(2)).unflatten(2, (bins, -1))
        return x, model.channel_downsampler_t(xt)
