"""Whether the disk has room for what is to be written, asked before the long work begins."""

import shutil
from pathlib import Path

from desktop.audio.mixture import Mixture
from desktop.audio.names import shown
from desktop.errors import StorageError
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.plan import Plan
from desktop.sizes import in_words

_BYTES = {"16": 2, "24": 3, "32": 4, "32f": 4}
_MP3_BYTES_A_SECOND = 40_000
# Headers, peaks, and whatever else is written meanwhile on a disk that is shared.
_SPARE = 32 << 20


def needed_bytes(mixture: Mixture, engine: Engine, plan: Plan) -> int:
    """What a separation writes beside the mixture: the stems, and the mixture resampled for the engine."""
    seconds = mixture.frames / mixture.sample_rate
    resampled = 0
    if engine.sample_rate != mixture.sample_rate:
        resampled = int(seconds * engine.sample_rate) * mixture.channels * 4
    stem = mixture.frames * mixture.channels * _BYTES[plan.depth]
    if plan.format == "mp3":
        stem = int(seconds * _MP3_BYTES_A_SECOND)
    return resampled + stem * len(engine.sources) + _SPARE


def check_room(mixture: Mixture, engine: Engine, plan: Plan, folder: Path, source: Path) -> None:
    """Raise StorageError, with both sizes, when the disk of `folder` has too little room."""
    needed, free = needed_bytes(mixture, engine, plan), shutil.disk_usage(folder).free
    if needed > free:
        raise StorageError(
            f"The stems of {shown(source.name)} need {in_words(needed)} on the disk, and {in_words(free)} is free. "
            "Make room, then retry."
        )
