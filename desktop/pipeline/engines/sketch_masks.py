"""Masks of Sketch: a small fitted table turns the features into four masks that sum to one."""

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from desktop.paths import resources

# Side to mid ratio in dB: below the first, only the mono table is used, because the stereo features mislead; above
# the second, only the stereo table.
_MONO_DB, _STEREO_DB = -30.0, -20.0


@dataclass(frozen=True)
class LinearClassifier:
    """Linear classifiers, one for each band of groups."""

    weights: NDArray[np.float32]
    """Weights float32 `[bands, stems, features]`."""
    bias: NDArray[np.float32]
    """Bias float32 `[bands, stems]`."""


@dataclass(frozen=True)
class SketchTables:
    """Fitted tables for stereo and mono, with their stems and bands."""

    stems: tuple[str, ...]
    band_edges: tuple[int, ...]
    """First group of each band, and the end of the last band."""
    stereo: LinearClassifier
    mono: LinearClassifier


@cache
def load_tables() -> SketchTables:
    """Return the fitted tables of resources/sketch/tables.json."""
    saved = json.loads((resources() / "sketch" / "tables.json").read_text(encoding="utf-8"))
    stereo, mono = (
        LinearClassifier(np.asarray(saved[kind]["W"], np.float32), np.asarray(saved[kind]["b"], np.float32))
        for kind in ("stereo", "mono")
    )
    return SketchTables(tuple(saved["stems"]), tuple(saved["edges"]), stereo, mono)


def compute_masks(features: NDArray[np.float32], side_to_mid_db: float) -> NDArray[np.float32]:
    """Return masks float32 `[stems, groups, frames]` for features `[16, groups, frames]` and a ratio in dB."""
    tables = load_tables()
    stereo_weight = float(np.clip((side_to_mid_db - _MONO_DB) / (_STEREO_DB - _MONO_DB), 0.0, 1.0))
    if stereo_weight == 0.0:
        return _softmax_masks(features, tables.mono, tables.band_edges)
    stereo = _softmax_masks(features, tables.stereo, tables.band_edges)
    if stereo_weight == 1.0:
        return stereo
    mono = _softmax_masks(features, tables.mono, tables.band_edges)
    return (mono + stereo_weight * (stereo - mono)).astype(np.float32, copy=False)


def _softmax_masks(
    features: NDArray[np.float32], classifier: LinearClassifier, band_edges: tuple[int, ...]
) -> NDArray[np.float32]:
    count, groups, frames = features.shape
    scores = np.empty((classifier.bias.shape[1], groups, frames), dtype=np.float32)
    for band, (low, high) in enumerate(pairwise(band_edges)):
        band_features = features[:, low:high].reshape(count, -1)
        scores[:, low:high] = (classifier.weights[band] @ band_features + classifier.bias[band][:, None]).reshape(
            -1, high - low, frames
        )
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores
