"""Engines for tests: one that returns shares of the mixture, and HTDemucs files with random weights."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from desktop.pipeline.engines.engine import Engine, PendingStems, Samples
from desktop.segments.grid import Segmentation
from desktop.segments.store import SegmentStore, StoreManifest

SOURCES = ("drums", "bass", "other", "vocals")
TINY_KWARGS: dict[str, object] = {
    "sources": list(SOURCES),
    "channels": 4,
    "dconv_comp": 2,
    "nfft": 4096,
    "depth": 4,
    "growth": 1,
    "dconv_depth": 1,
    "context": 0,
    "bottom_channels": 16,
    "t_layers": 1,
    "t_heads": 2,
    "t_hidden_scale": 1.0,
    "samplerate": 44100,
    "segment": Fraction(4),
}
FULL_KWARGS: dict[str, object] = {
    "sources": list(SOURCES),
    "bottom_channels": 512,
    "segment": Fraction(39, 5),
    "t_dropout": 0.02,
}


@dataclass(frozen=True)
class IdentityEngine:
    """An engine whose sources are the mixture times their shares, so that they sum to the mixture."""

    segmentation: Segmentation = field(default_factory=lambda: Segmentation(length=4096, stride=3072, centre_last=True))
    sample_rate: int = 44100
    sources: tuple[str, ...] = SOURCES
    shares: tuple[float, ...] = (0.5, 0.25, 0.125, 0.125)
    name: str = "identity"
    batch: int = 1
    runtime: str = "numpy"
    notices: tuple[str, ...] = ()

    def separate(self, segments: Samples) -> PendingStems:
        stems = self.stems(segments)
        return lambda: stems

    def stems(self, segments: Samples) -> Samples:
        """Return the stems of these segments."""
        shares = np.asarray(self.shares, dtype=np.float32)
        return shares[:, None, None] * segments[:, None]


def separate_track(engine: Engine, track: Samples) -> Samples:
    """Separate a whole track `[2, n]` into `[sources, 2, n]`, with the segments of the pipeline."""
    segmentation, frames = engine.segmentation, track.shape[1]
    padded = np.pad(track, ((0, 0), (segmentation.length, segmentation.length)))
    manifest = StoreManifest("test", engine.sources, engine.sample_rate, 2, frames, segmentation)
    with TemporaryDirectory() as folder:
        store = SegmentStore.create(Path(folder) / "segments", manifest)
        for segment in store.grid.segments:
            segment_input = padded[None, :, segmentation.length + segment.input_start :][..., : segment.input_frames]
            store.write(
                segment,
                engine.separate(segment_input)()[0, ..., segment.trim_start : segment.trim_start + segment.frames],
                is_durable=False,
            )
        return store.read(0, frames).transpose(1, 2, 0).astype(np.float32)


def write_tiny_htdemucs(path: Path, seed: int = 0) -> Path:
    """Write a model that separates 20 s in well under a second, in the format of Demucs' own .th files."""
    return write_htdemucs(path, TINY_KWARGS, seed)


def write_full_htdemucs(path: Path, seed: int = 0) -> Path:
    """Write a model of htdemucs' real size (42 M parameters, 84 MB in half precision), with random weights."""
    return write_htdemucs(path, FULL_KWARGS, seed)


def write_htdemucs(path: Path, kwargs: dict[str, object], seed: int = 0, half: bool = True) -> Path:
    """Save a new HTDemucs of these arguments in the format of `demucs.states.serialize_model`."""
    import torch
    from demucs.htdemucs import HTDemucs
    from demucs.states import get_state

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = HTDemucs(**kwargs)
    package = {
        "klass": HTDemucs,
        "args": (),
        "kwargs": kwargs,
        "state": get_state(model, None, half=half),
        "training_args": {},
    }
    torch.save(package, path)
    return path
