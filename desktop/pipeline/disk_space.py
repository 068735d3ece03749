"""Check of the free disk space, made before the separation begins."""

import shutil
from contextlib import suppress
from pathlib import Path

from desktop.audio.mixture import Mixture
from desktop.audio.names import printable
from desktop.errors import StorageError
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.output_format import OutputFormat
from desktop.pipeline.request import Request
from desktop.pipeline.separation import with_overlap
from desktop.text.message import Message

_BYTES_PER_SAMPLE = {"16": 2, "24": 3, "32": 4, "32f": 4}
_MP3_BYTES_PER_SECOND = 40_000
# For headers, peaks, and what other programs write to the same disk meanwhile.
_MARGIN_BYTES = 32 << 20


def stems_bytes(mixture: Mixture, source_count: int, output_format: OutputFormat) -> int:
    """Return the size in bytes of `source_count` stems; for FLAC without its compression, as an upper bound."""
    if output_format.container == "mp3":
        return int(mixture.frames / mixture.sample_rate * _MP3_BYTES_PER_SECOND) * source_count
    return mixture.frames * mixture.channels * _BYTES_PER_SAMPLE[output_format.depth] * source_count


def required_bytes(mixture: Mixture, engine: Engine, output_format: OutputFormat, request: Request) -> int:
    """Return the bytes that a separation writes besides the mixture: segments, stems and the resampled mixture."""
    bytes_at_engine_rate = int(mixture.frames / mixture.sample_rate * engine.sample_rate) * mixture.channels * 4
    resampled_bytes = bytes_at_engine_rate if engine.sample_rate != mixture.sample_rate else 0
    segmentation = with_overlap(engine.segmentation, request.overlap)
    segment_bytes = int(bytes_at_engine_rate * segmentation.length / segmentation.stride) * max(1, request.shifts)
    source_count = len(engine.sources)
    return (
        resampled_bytes
        + segment_bytes * source_count
        + stems_bytes(mixture, source_count, output_format)
        + _MARGIN_BYTES
    )


def check_disk_space(mixture: Mixture, engine: Engine, output_format: OutputFormat, request: Request) -> None:
    """Raise StorageError, with both sizes, if a disk has too little room. Finished segments count as free room."""
    required = required_bytes(mixture, engine, output_format, request)
    free_bytes = shutil.disk_usage(request.folder).free
    name = printable(request.source.name)
    if required > free_bytes + _folder_bytes(request.segments_folder):
        raise StorageError(
            Message(
                "The stems of {name} need {required:size} of disk space, but only {free_bytes:size} is "
                "free. Free up disk space, then try again.",
                name=name,
                required=required,
                free_bytes=free_bytes,
            )
        )
    if request.copies is None:
        return
    copies_bytes = stems_bytes(mixture, len(engine.sources), output_format)
    # If the copies go to the library's disk: the segments are deleted before the copies are written.
    free_bytes = shutil.disk_usage(_nearest_existing(request.copies)).free
    if copies_bytes > free_bytes:
        raise StorageError(
            Message(
                "The stems of {name} need {copies_bytes:size} in {copies}, but only {free_bytes:size} is "
                "free there. Free up space, or choose another folder.",
                name=name,
                copies_bytes=copies_bytes,
                copies=printable(request.copies, 200),
                free_bytes=free_bytes,
            )
        )


def _nearest_existing(folder: Path) -> Path:
    """Return `folder`, or its nearest parent that exists."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())


def _folder_bytes(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
