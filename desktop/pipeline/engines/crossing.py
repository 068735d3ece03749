"""The transformer across both branches of HTDemucs, with its constants made once: demucs makes them for each segment."""

from typing import Any, cast

import torch
from demucs.transformer import CrossTransformerEncoder, create_2d_sin_embedding
from torch import nn

Both = tuple[torch.Tensor, torch.Tensor]


class Crossing(nn.Module):
    """Gives what `CrossTransformerEncoder.forward` gives."""

    def __init__(self, transformer: CrossTransformerEncoder) -> None:
        super().__init__()
        self._transformer = transformer
        self._positions: dict[tuple[object, ...], Both] = {}

    def forward(self, x: torch.Tensor, xt: torch.Tensor) -> Both:
        """`[n, channels, bins, frames]` and `[n, channels, length]` to the same shapes."""
        inside = cast("Any", self._transformer)
        positions, positions_t = self._positions_of(x, xt)
        bins = x.shape[2]
        x = inside.norm_in(x.transpose(2, 3).flatten(2).transpose(1, 2)) + positions
        xt = inside.norm_in_t(xt.transpose(1, 2)) + positions_t
        for number, (layer, layer_t) in enumerate(zip(inside.layers, inside.layers_t, strict=True)):
            if number % 2 == inside.classic_parity:
                x, xt = layer(x), layer_t(xt)
            else:
                x, xt = layer(x, xt), layer_t(xt, x)
        return x.transpose(1, 2).unflatten(2, (-1, bins)).transpose(2, 3), xt.transpose(1, 2)

    def _positions_of(self, x: torch.Tensor, xt: torch.Tensor) -> Both:
        """What is added to both branches: `[1, frames * bins, channels]` and `[1, length, channels]`."""
        key = (*x.shape[1:], xt.shape[2], x.device)
        if key not in self._positions:
            self._positions[key] = self._made(x, xt)
        return self._positions[key]

    def _made(self, x: torch.Tensor, xt: torch.Tensor) -> Both:
        inside = cast("Any", self._transformer)
        _, channels, bins, frames = x.shape
        plane = create_2d_sin_embedding(channels, bins, frames, str(x.device), inside.max_period)
        line = inside._get_pos_embedding(xt.shape[2], 1, channels, xt.device)
        both = plane.transpose(2, 3).flatten(2).transpose(1, 2), line.transpose(0, 1)
        return both[0] * inside.weight_pos_embed, both[1] * inside.weight_pos_embed
