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


def needed_bytes(mixture: Mixture, engine: Engine, plan: Plan, how: How) -> int:
    """What a separation writes beside the mixture: its segments, the stems, and the mixture at the engine's rate."""
    seconds = mixture.frames / mixture.sample_rate
    at_engine = int(seconds * engine.sample_rate) * mixture.channels * 4
    resampled = at_engine if engine.sample_rate != mixture.sample_rate else 0
    cut = with_overlap(engine.segmentation, how.overlap)
    segments = int(at_engine * cut.length / cut.stride) * max(1, how.shifts)
    stem = mixture.frames * mixture.channels * _BYTES[plan.depth]
    if plan.format == "mp3":
        stem = int(seconds * _MP3_BYTES_A_SECOND)
    return resampled + (segments + stem) * len(engine.sources) + _SPARE


def check_room(mixture: Mixture, engine: Engine, plan: Plan, how: How, request: Request) -> None:
    """Raise StorageError, with both sizes, when the disk has too little room. Finished segments count as room."""
    needed, free = needed_bytes(mixture, engine, plan, how), shutil.disk_usage(request.folder).free
    if needed > free + _bytes_in(how.segments):
        raise StorageError(
            f"The stems of {shown(request.source.name)} need {in_words(needed)} on the disk, and {in_words(free)} is free. "
            "Make room, then try again."
        )


def _bytes_in(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
