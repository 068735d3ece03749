"""Whether the disk has room for what is to be written, asked before the long work begins."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from desktop.audio.mixture import Mixture
from desktop.audio.names import shown
from desktop.errors import StorageError
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.plan import Plan
from desktop.pipeline.separate import How, with_overlap
from desktop.sizes import in_words

_BYTES = {"16": 2, "24": 3, "32": 4, "32f": 4}
_MP3_BYTES_A_SECOND = 40_000
# Headers, peaks, and whatever else is written meanwhile on a disk that is shared.
_SPARE = 32 << 20


class Request(Protocol):
    """What is separated, and where to."""

    @property
    def source(self) -> Path:
        """The track."""
        ...

    @property
    def folder(self) -> Path:
        """Where the stems are written."""
        ...

    @property
    def copies(self) -> Path | None:
        """Where copies of the stems are written, if anywhere."""
        ...


def stems_bytes(mixture: Mixture, sources: int, plan: Plan) -> int:
    """Return the size of so many stems. FLAC needs less than this, by as much as it can compress them."""
    if plan.format == "mp3":
        return int(mixture.frames / mixture.sample_rate * _MP3_BYTES_A_SECOND) * sources
    return mixture.frames * mixture.channels * _BYTES[plan.depth] * sources


def needed_bytes(mixture: Mixture, engine: Engine, plan: Plan, how: How) -> int:
    """What a separation writes beside the mixture: its segments, the stems, and the mixture at the engine's rate."""
    at_engine = int(mixture.frames / mixture.sample_rate * engine.sample_rate) * mixture.channels * 4
    resampled = at_engine if engine.sample_rate != mixture.sample_rate else 0
    cut = with_overlap(engine.segmentation, how.overlap)
    segments = int(at_engine * cut.length / cut.stride) * max(1, how.shifts)
    sources = len(engine.sources)
    return resampled + segments * sources + stems_bytes(mixture, sources, plan) + _SPARE


def check_room(mixture: Mixture, engine: Engine, plan: Plan, how: How, request: Request) -> None:
    """Raise StorageError, with both sizes, when a disk has too little room. Finished segments count as room."""
    needed, free = needed_bytes(mixture, engine, plan, how), shutil.disk_usage(request.folder).free
    name = shown(request.source.name)
    if needed > free + _bytes_in(how.segments):
        raise StorageError(
            f"The stems of {name} need {in_words(needed)} on the disk, and {in_words(free)} is free. "
            "Make room, then try again."
        )
    if request.copies is None:
        return
    copies, there = stems_bytes(mixture, len(engine.sources), plan), _existing(request.copies)
    # On the library's own disk the segments are gone before the copies are made.
    free = shutil.disk_usage(there).free
    if copies > free:
        raise StorageError(
            f"The stems of {name} need {in_words(copies)} in {shown(request.copies, 200)}, and {in_words(free)} is free "
            "there. Make room, or choose another folder."
        )


def _existing(folder: Path) -> Path:
    """Return `folder`, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _bytes_in(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
