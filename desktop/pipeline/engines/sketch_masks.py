"""How Sketch decides: a small fitted table turns the features into four shares that sum to one."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.paths import resources

# Side over middle in dB: below the first the stereo features mislead, above the second they are trusted.
_MONO, _STEREO = -30.0, -20.0


@dataclass(frozen=True)
class Table:
    """A linear classifier for every band of groups."""

    weights: NDArray[np.float32]
    """`[bands, stems, features]`."""
    bias: NDArray[np.float32]
    """`[bands, stems]`."""


@dataclass(frozen=True)
class Tables:
    """Both tables, and what they are about."""

    stems: tuple[str, ...]
    edges: tuple[int, ...]
    """First group of each band, and the end of the last."""
    stereo: Table
    mono: Table


@cache
def load_tables() -> Tables:
    """The fitted numbers of resources/sketch/tables.json."""
    saved = json.loads((resources() / "sketch" / "tables.json").read_text(encoding="utf-8"))
    stereo, mono = (
        Table(np.asarray(saved[kind]["W"], np.float32), np.asarray(saved[kind]["b"], np.float32))
        for kind in ("stereo", "mono")
    )
    return Tables(tuple(saved["stems"]), tuple(saved["edges"]), stereo, mono)


def masks(features: NDArray[np.float32], side_to_middle: float) -> NDArray[np.float32]:
    """Shares float32 `[stems, groups, frames]` of features `[16, groups, frames]`; `side_to_middle` in dB."""
    tables = load_tables()
    trust = float(np.clip((side_to_middle - _MONO) / (_STEREO - _MONO), 0.0, 1.0))
    if trust == 0.0:
        return _shares(features, tables.mono, tables.edges)
    stereo = _shares(features, tables.stereo, tables.edges)
    if trust == 1.0:
        return stereo
    mono = _shares(features, tables.mono, tables.edges)
    return (mono + trust * (stereo - mono)).astype(np.float32, copy=False)


def _shares(features: NDArray[np.float32], table: Table, edges: tuple[int, ...]) -> NDArray[np.float32]:
    count, groups, frames = features.shape
    scores = np.empty((table.bias.shape[1], groups, frames), dtype=np.float32)
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = features[:, low:high].reshape(count, -1)
        scores[:, low:high] = (table.weights[band] @ inside + table.bias[band][:, None]).reshape(-1, high - low, frames)
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores
