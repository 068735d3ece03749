"""Whether the disk has room for what is to be written, asked before the long work begins."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from desktop.audio.mixture import Mixture
from desktop.audio.names import printable
from desktop.errors import StorageError
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.output_format import OutputFormat
from desktop.pipeline.separation import SeparationOptions, with_overlap
from desktop.text.sizes import format_size

_BYTES_PER_SAMPLE = {"16": 2, "24": 3, "32": 4, "32f": 4}
_MP3_BYTES_PER_SECOND = 40_000
# Headers, peaks, and whatever else is written meanwhile on a disk that is shared.
_MARGIN_BYTES = 32 << 20


class SpaceRequest(Protocol):
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


def stems_bytes(mixture: Mixture, source_count: int, output_format: OutputFormat) -> int:
    """Return the size of so many stems. FLAC needs less than this, by as much as it can compress them."""
    if output_format.container == "mp3":
        return int(mixture.frames / mixture.sample_rate * _MP3_BYTES_PER_SECOND) * source_count
    return mixture.frames * mixture.channels * _BYTES_PER_SAMPLE[output_format.depth] * source_count


def required_bytes(mixture: Mixture, engine: Engine, output_format: OutputFormat, options: SeparationOptions) -> int:
    """What a separation writes beside the mixture: its segments, the stems, and the mixture at the engine's rate."""
    bytes_at_engine_rate = int(mixture.frames / mixture.sample_rate * engine.sample_rate) * mixture.channels * 4
    resampled_bytes = bytes_at_engine_rate if engine.sample_rate != mixture.sample_rate else 0
    segmentation = with_overlap(engine.segmentation, options.overlap)
    segment_bytes = int(bytes_at_engine_rate * segmentation.length / segmentation.stride) * max(1, options.shifts)
    source_count = len(engine.sources)
    return (
        resampled_bytes
        + segment_bytes * source_count
        + stems_bytes(mixture, source_count, output_format)
        + _MARGIN_BYTES
    )


def check_disk_space(
    mixture: Mixture, engine: Engine, output_format: OutputFormat, options: SeparationOptions, request: SpaceRequest
) -> None:
    """Raise StorageError, with both sizes, when a disk has too little room. Finished segments count as room."""
    required, free_bytes = (
        required_bytes(mixture, engine, output_format, options),
        shutil.disk_usage(request.folder).free,
    )
    name = printable(request.source.name)
    if required > free_bytes + _folder_bytes(options.segments_folder):
        raise StorageError(
            f"The stems of {name} need {format_size(required)} on the disk, and {format_size(free_bytes)} is free. "
            "Make room, then try again."
        )
    if request.copies is None:
        return
    copies_bytes, existing_folder = (
        stems_bytes(mixture, len(engine.sources), output_format),
        _nearest_existing(request.copies),
    )
    # On the library's own disk the segments are gone before the copies are made.
    free_bytes = shutil.disk_usage(existing_folder).free
    if copies_bytes > free_bytes:
        raise StorageError(
            f"The stems of {name} need {format_size(copies_bytes)} in {printable(request.copies, 200)}, and {format_size(free_bytes)} is free "
            "there. Make room, or choose another folder."
        )


def _nearest_existing(folder: Path) -> Path:
    """Return `folder`, or the nearest one above it that exists."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())


def _folder_bytes(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
