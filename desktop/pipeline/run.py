"""The way of a song: mixture in, stems out. Read this first.

decode → resample to the engine's rate → cut into segments → separate → overlap-add → resample back → make the stems
sum to the mixture → write them → read them back and measure. Everything streams: a song of three hours needs no more
memory than one of three minutes.
"""

import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture, decode_mixture
from desktop.audio.names import printable
from desktop.audio.peaks import PeakWriter
from desktop.errors import StorageError
from desktop.pipeline.disk_space import check_disk_space
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.normalization import Normalization, NormalizationMeter
from desktop.pipeline.null_test import measure_null_dbfs
from desktop.pipeline.output_format import choose_output_format
from desktop.pipeline.progress import Progress, ProgressUpdate
from desktop.pipeline.schedule import Playhead
from desktop.pipeline.separation import Separation, SeparationOptions
from desktop.pipeline.stem_files import StemFile, StemWriter
from desktop.runtime.disk_errors import describe_disk_error

__all__ = ["Outcome", "ProgressUpdate", "Request", "StemFile", "run"]


@dataclass(frozen=True)
class Request:
    """What to separate, and how to write it."""

    source: Path
    """The track."""
    folder: Path
    """Made when missing. Receives the stems and their peaks; holds the decoded mixture meanwhile."""
    format: str
    """"wav", "flac" or "mp3"."""
    bits: str | None
    """"16", "24" or "32f"; None follows the source."""
    sum_mode: str
    """"exact": the stems sum to the source sample for sample; "raw": the engine's own output."""
    mixture_peaks: Path
    """Receives the peaks of the mixture, as soon as it is decoded."""
    segments: Path | None = None
    """Keeps finished segments, so that the same request goes on where it was cut off; None: they go with the run."""
    key: str = ""
    """Names what the segments depend on beside this request and the engine's name: the song, the model's file."""
    overlap: float = 0.25
    """Part of a segment that it shares with its neighbour, where the engine's segments overlap."""
    shifts: int = 0
    """How many turns, each cut elsewhere, are averaged; 0 for one, cut from the first frame on."""
    copies: Path | None = None
    """A folder that is to receive copies of the stems afterwards, and must have room for them."""


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    sample_rate: int
    channels: int
    frames: int
    seconds: float
    null_dbfs: float
    """Measured peak of source minus sum of stems; -300 when there is no difference at all."""
    notices: tuple[str, ...]
    """Sentences for the user."""
    stems: tuple[StemFile, ...]
    """In the order of the engine's sources."""


def run(
    request: Request,
    engine: Engine,
    report: Callable[[ProgressUpdate], None],
    should_stop: Callable[[], bool],
    playhead: Playhead = lambda: None,
) -> Outcome:
    """Separate one track, from where it is listened to on. The stems are the same bits wherever that is.

    Raises an UnbraidError, and then leaves nothing behind but `request.segments`, and the peaks that were there before.
    """
    progress = Progress(report, should_stop)
    try:
        return _run_stages(request, engine, progress, playhead)
    except OSError as error:
        reason, advice = describe_disk_error(error, request.folder.parent)
        name = printable(request.source.name)
        raise StorageError(
            f"The stems of {name} could not be written: {reason}.", f"{advice}, then try again."
        ) from error


def _run_stages(request: Request, engine: Engine, progress: Progress, playhead: Playhead) -> Outcome:
    request.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as on_exit, ExitStack() as on_failure:
        decoded = request.folder / "mixture.wav"
        on_exit.callback(decoded.unlink, missing_ok=True)
        if not request.mixture_peaks.exists():
            on_failure.callback(request.mixture_peaks.unlink, missing_ok=True)
        mixture, normalization = decode_track(request.source, decoded, request.mixture_peaks, progress)
        output_format, notices = choose_output_format(request, mixture.sample_format, mixture.sample_rate)
        options = _separation_options(request)
        if request.segments is None:
            on_exit.callback(shutil.rmtree, options.segments_folder, ignore_errors=True)
        check_disk_space(mixture, engine, output_format, options, request)
        stem_writer = StemWriter(request.folder, engine.sources, mixture, output_format)
        on_failure.callback(stem_writer.abort)
        separation = Separation(mixture, normalization, engine, options, progress, playhead)
        with closing(separation.stem_blocks(request.folder / "mixture.spool")) as blocks:
            stem_writer.write_all(blocks)
        stems = stem_writer.close()
        null_peak_dbfs = measure_null_dbfs(mixture, [stem.path for stem in stems], progress)
        on_failure.pop_all()
    seconds = mixture.frames / mixture.sample_rate
    notices = (*mixture.notices, *notices, *stem_writer.notices)
    return Outcome(mixture.sample_rate, mixture.channels, mixture.frames, seconds, null_peak_dbfs, notices, stems)


def _separation_options(request: Request) -> SeparationOptions:
    segments_folder = request.segments or request.folder / "segments"
    return SeparationOptions(segments_folder, request.key, request.overlap, request.shifts)


def decode_track(
    track: Path, mixture_path: Path, peaks_path: Path, progress: Progress
) -> tuple[Mixture, Normalization]:
    """Decode `track` into the new file `out`, and write its peaks. Raises as `decode_mixture`, and OSError."""
    with closing(_DecodeMeters(peaks_path)) as listener:
        mixture = decode_mixture(
            track, mixture_path, lambda part: progress.advance("decoding", part), progress.should_stop, listener
        )
        listener.peaks.close()
    return mixture, listener.meter.normalization


class _DecodeMeters:
    def __init__(self, peaks: Path) -> None:
        self._path = peaks
        self.peaks, self.meter = PeakWriter(peaks), NormalizationMeter()

    def reset(self) -> None:
        self.close()
        self.peaks, self.meter = PeakWriter(self._path), NormalizationMeter()

    def add_block(self, block: NDArray[np.float64]) -> None:
        self.peaks.add_block(block)
        self.meter.add(block)

    def close(self) -> None:
        """Leave no peaks but finished ones."""
        self.peaks.abort()
