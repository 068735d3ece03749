"""The core of HTDemucs between the spectrograms, with its cross-transformer.

The position embeddings are cached: demucs computes them again for each segment.
"""

from typing import Any, cast

import torch
from demucs.hdemucs import HDecLayer, HEncLayer
from demucs.htdemucs import HTDemucs
from demucs.transformer import CrossTransformerEncoder, create_2d_sin_embedding
from torch import nn

BranchPair = tuple[torch.Tensor, torch.Tensor]


class CrossTransformer(nn.Module):
    """Replacement of `CrossTransformerEncoder` with the same results and cached position embeddings."""

    def __init__(self, transformer: CrossTransformerEncoder) -> None:
        super().__init__()
        self._transformer = transformer
        self._embedding_cache: dict[tuple[object, ...], BranchPair] = {}

    def forward(self, x: torch.Tensor, xt: torch.Tensor) -> BranchPair:
        """Transform `[n, channels, bins, frames]` and `[n, channels, length]` into the same shapes."""
        transformer = cast("Any", self._transformer)
        positions, positions_t = self._position_embeddings(x, xt)
        bins = x.shape[2]
        x = transformer.norm_in(x.transpose(2, 3).flatten(2).transpose(1, 2)) + positions
        xt = transformer.norm_in_t(xt.transpose(1, 2)) + positions_t
        for number, (layer, layer_t) in enumerate(zip(transformer.layers, transformer.layers_t, strict=True)):
            if number % 2 == transformer.classic_parity:
                x, xt = layer(x), layer_t(xt)
            else:
                x, xt = layer(x, xt), layer_t(xt, x)
        return x.transpose(1, 2).unflatten(2, (-1, bins)).transpose(2, 3), xt.transpose(1, 2)

    def _position_embeddings(self, x: torch.Tensor, xt: torch.Tensor) -> BranchPair:
        """Return the embeddings of both branches, `[1, frames * bins, channels]` and `[1, length, channels]`."""
        key = (*x.shape[1:], xt.shape[2], x.device)
        if key not in self._embedding_cache:
            self._embedding_cache[key] = self._make_embeddings(x, xt)
        return self._embedding_cache[key]

    def _make_embeddings(self, x: torch.Tensor, xt: torch.Tensor) -> BranchPair:
        transformer = cast("Any", self._transformer)
        _, channels, bins, frames = x.shape
        spectrogram_embedding = create_2d_sin_embedding(channels, bins, frames, str(x.device), transformer.max_period)
        waveform_embedding = transformer._get_pos_embedding(xt.shape[2], 1, channels, xt.device)
        embeddings = (
            spectrogram_embedding.transpose(2, 3).flatten(2).transpose(1, 2),
            waveform_embedding.transpose(0, 1),
        )
        return embeddings[0] * transformer.weight_pos_embed, embeddings[1] * transformer.weight_pos_embed


class HTDemucsCore(nn.Module):
    """Encoder, cross-transformer and decoder of HTDemucs, for torch and for the export to OpenVINO."""

    def __init__(self, model: HTDemucs) -> None:
        super().__init__()
        self._model = model
        self._cross_transformer = (
            CrossTransformer(model.crosstransformer) if model.crosstransformer is not None else None
        )

    def forward(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> BranchPair:
        """Compute the normalized outputs of both branches from their normalized inputs.

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
            inject = None
            widths.append(x.shape[-1])
            if number < len(model.tencoder):
                encode_t = cast("HEncLayer", model.tencoder[number])
                lengths.append(xt.shape[-1])
                xt = self._encode(encode_t, xt)
                # The innermost layer of the waveform branch, if the model has one, is added to the spectrogram branch.
                inject = xt if encode_t.empty else None
                skips_t.extend([] if encode_t.empty else [xt])
            x = self._encode(encode, x, inject)
            if number == 0 and model.freq_emb is not None:
                x = x + self._frequency_embedding(x.shape[-2], x.device)
            skips.append(x)
        x, xt = self._apply_cross_transformer(x, xt)
        spectrogram_only_layers = model.depth - len(model.tdecoder)
        for number, decode in enumerate(model.decoder):
            x, pre_output = self._decode(decode, x, skips.pop(), widths.pop())
            if number >= spectrogram_only_layers:
                decode_t = cast("HDecLayer", model.tdecoder[number - spectrogram_only_layers])
                decoder_inputs = (pre_output[:, :, 0], None) if decode_t.empty else (xt, skips_t.pop())
                xt, _ = self._decode(decode_t, *decoder_inputs, lengths.pop())
        return x, xt

    def _encode(self, layer: nn.Module, x: torch.Tensor, inject: torch.Tensor | None = None) -> torch.Tensor:
        return layer(x, inject)

    def _decode(self, layer: nn.Module, x: torch.Tensor, skip: torch.Tensor | None, length: int) -> BranchPair:
        """Return the layer's output, and its values before the last convolution, where the branches split."""
        return layer(x, skip, length)

    def _frequency_embedding(self, bins: int, device: torch.device) -> torch.Tensor:
        embedding = cast("nn.Module", self._model.freq_emb)
        return self._model.freq_emb_scale * embedding(torch.arange(bins, device=device)).t()[None, :, :, None]

    def _apply_cross_transformer(self, x: torch.Tensor, xt: torch.Tensor) -> BranchPair:
        model = self._model
        if self._cross_transformer is None:
            return x, xt
        if not model.bottom_channels:
            return self._cross_transformer(x, xt)
        bins = x.shape[2]
        x = model.channel_upsampler(x.flatten(2)).unflatten(2, (bins, -1))
        x, xt = self._cross_transformer(x, model.channel_upsampler_t(xt))
        x = model.channel_downsampler(x.flatten(2)).unflatten(2, (bins, -1))
        return x, model.channel_downsampler_t(xt)
