"""The core of HTDemucs with rearranged operations: the same results with fewer copies on a processor's vector units.

For OpenVINO, and measured there: a residual branch stays two-dimensional instead of becoming a batch of rows; the two
halves of a gated linear unit are two convolutions instead of one that is split; a transposed convolution over time is
a plain one whose output channels are neighbouring samples; the output's channels are the last axis, as computed.
"""

from collections.abc import Sequence
from typing import Any, cast

import torch
from demucs.demucs import DConv
from demucs.hdemucs import HDecLayer, HEncLayer
from demucs.transformer import LayerScale
from torch import nn
from torch.nn import functional

from desktop.pipeline.engines.htdemucs_core import BranchPair, HTDemucsCore

Conv = nn.Conv1d | nn.Conv2d
# Axes of a normalisation in a residual branch: channels and time, separately for each row of frequencies.
_ROW_DIMS = (1, 3)


class FusedCore(HTDemucsCore):
    """Variant of `HTDemucsCore` that returns the spectrogram as `[n, bins, frames, channels]`."""

    def forward(self, spectrogram: torch.Tensor, waveform: torch.Tensor) -> BranchPair:
        """Compute both branches; see `HTDemucsCore`. The spectrogram is `[n, bins, frames, channels]`."""
        x, xt = super().forward(spectrogram, waveform)
        return x.permute(0, 2, 3, 1), xt

    def _encode(self, layer: nn.Module, x: torch.Tensor, inject: torch.Tensor | None = None) -> torch.Tensor:
        if not isinstance(layer, HEncLayer) or layer.empty or layer.rewrite is None:
            return super()._encode(layer, x, inject)
        if not layer.freq:
            x = functional.pad(x.flatten(1, -2), (0, -x.shape[-1] % layer.stride))
        y = layer.conv(x)
        if inject is not None:
            y = y + (inject[:, :, None] if inject.dim() < y.dim() else inject)
        y = _residual_branch(layer.dconv, functional.gelu(layer.norm1(y)))
        return _gated_convolution(layer.rewrite, layer.norm2, y)

    def _decode(self, layer: nn.Module, x: torch.Tensor, skip: torch.Tensor | None, length: int) -> BranchPair:
        if not isinstance(layer, HDecLayer) or skip is None or layer.rewrite is None:
            return super()._decode(layer, x, skip, length)
        if layer.freq and x.dim() == 3:
            x = x.unflatten(1, (layer.chin, -1))
        y = _residual_branch(layer.dconv, _gated_convolution(layer.rewrite, layer.norm1, x + skip))
        z = layer.norm2(_transposed_convolution(layer.conv_tr, y))
        z = z[..., layer.pad : z.shape[-2] - layer.pad, :] if layer.freq else z[..., layer.pad : layer.pad + length]
        return (z if layer.last else functional.gelu(z)), y


def _gated_convolution(conv: Conv, norm: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Apply a convolution and a gated linear unit: half of the channels times the sigmoid of the other half."""
    if not isinstance(norm, nn.Identity):
        return functional.glu(norm(conv(x)), dim=1)
    half, gate = _convolve_halves(conv, x)
    return half * torch.sigmoid(gate)


def _convolve_halves(conv: Conv, x: torch.Tensor) -> BranchPair:
    convolve = functional.conv2d if x.dim() == 4 else functional.conv1d
    weights, biases = conv.weight.chunk(2), _bias(conv).chunk(2)
    half, gate = (
        convolve(x, weight, bias, conv.stride, conv.padding, conv.dilation)  # pyright: ignore[reportArgumentType]
        for weight, bias in zip(weights, biases, strict=True)
    )
    return half, gate


def _residual_branch(dconv: DConv | None, x: torch.Tensor) -> torch.Tensor:
    """Apply the residual branches of a layer over time, two-dimensional for both kinds of layer."""
    if dconv is None:
        return x
    rows = x if x.dim() == 4 else x[:, :, None]
    for layer in dconv.layers:
        conv_in, norm_in, _, conv_out, norm_out, _, layer_scale = cast("Sequence[Any]", layer)
        y = functional.conv2d(
            rows,
            conv_in.weight[:, :, None],
            conv_in.bias,
            padding=(0, conv_in.padding[0]),
            dilation=(1, conv_in.dilation[0]),
        )
        y = functional.gelu(_group_normalize(norm_in, y)[0])
        parts = [
            functional.conv2d(y, weight[:, :, None], bias)
            for weight, bias in zip(conv_out.weight.chunk(2), _bias(conv_out).chunk(2), strict=True)
        ]
        half, gate = _group_normalize(norm_out, *parts)
        rows = rows + _layer_scale(layer_scale) * half * torch.sigmoid(gate)
    return rows if x.dim() == 4 else rows[:, :, 0]


def _group_normalize(norm: nn.GroupNorm, *parts: torch.Tensor) -> list[torch.Tensor]:
    """Normalize channels that are split over several tensors to mean 0 and deviation 1 in each row."""
    mean = torch.stack([part.mean(_ROW_DIMS, keepdim=True) for part in parts]).mean(0)
    centred = [part - mean for part in parts]
    variance = torch.stack([part.square().mean(_ROW_DIMS, keepdim=True) for part in centred]).mean(0)
    factor = torch.rsqrt(variance + norm.eps)
    weights, biases = norm.weight.chunk(len(parts)), norm.bias.chunk(len(parts))
    return [
        part * factor * weight[:, None, None] + bias[:, None, None]
        for part, weight, bias in zip(centred, weights, biases, strict=True)
    ]


def _layer_scale(scale: LayerScale) -> torch.Tensor:
    return scale.scale[:, None, None]


def _transposed_convolution(conv: nn.ConvTranspose1d | nn.ConvTranspose2d, x: torch.Tensor) -> torch.Tensor:
    """Apply a transposed convolution, over time as a plain one.

    Each output sample depends on two input frames, so a plain convolution computes `stride` samples at once.
    """
    stride = conv.stride[0]
    if isinstance(conv, nn.ConvTranspose2d) or conv.kernel_size[0] != 2 * stride:
        return conv(x)
    inputs, outputs, _ = conv.weight.shape
    previous, current = conv.weight[:, :, stride:], conv.weight[:, :, :stride]
    weight = torch.stack([previous, current], -1).permute(1, 2, 0, 3).reshape(outputs * stride, inputs, 2)
    y = functional.conv1d(x, weight, _bias(conv).repeat_interleave(stride), padding=1)
    return y.unflatten(1, (outputs, stride)).transpose(2, 3).flatten(2)


def _bias(conv: nn.Module) -> torch.Tensor:
    bias = conv.bias
    assert isinstance(bias, torch.Tensor)
    return bias
