"""One run of the pipeline, from track to stems. Read this first.

decode → resample to the engine's rate → divide into segments → separate → overlap-add → resample back → correct the
stems to sum to the mixture → write them → read them back for the null test. Everything streams: a track of three
hours needs no more memory than one of three minutes.
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
from desktop.pipeline.output_format import choose_output_format
from desktop.pipeline.progress import Progress, ProgressUpdate
from desktop.pipeline.request import Request
from desktop.pipeline.schedule import Playhead
from desktop.pipeline.separation import Separation
from desktop.pipeline.stem_files import StemFile, StemWriter, measure_null_dbfs
from desktop.runtime.disk_errors import describe_disk_error
from desktop.stage import Stage
from desktop.text.message import Message


@dataclass(frozen=True)
class Outcome:
    """Result of a run."""

    sample_rate: int
    """Sample rate of the mixture and the stems in Hz."""
    channels: int
    frames: int
    seconds: float
    null_dbfs: float
    """Measured peak of mixture minus sum of the stems, in dBFS; -300 if there is no difference."""
    notices: tuple[Message, ...]
    """Notices for the user."""
    stems: tuple[StemFile, ...]
    """Stems in the order of the engine's sources."""


def run(
    request: Request,
    engine: Engine,
    report: Callable[[ProgressUpdate], None],
    should_stop: Callable[[], bool],
    playhead: Playhead = lambda: None,
) -> Outcome:
    """Separate one track, beginning at the playhead. The stems have the same bits wherever the playhead is.

    Raises an UnbraidError, and then leaves only `request.segments` and any peaks that existed before.
    """
    progress = Progress(report, should_stop)
    try:
        return _run_stages(request, engine, progress, playhead)
    except OSError as error:
        reason, advice = describe_disk_error(error, request.folder.parent)
        name = printable(request.source.name)
        raise StorageError(
            Message("The stems of {name} could not be written: {reason}.", name=name, reason=reason),
            Message("{advice}, then try again.", advice=advice),
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
        if request.segments is None:
            on_exit.callback(shutil.rmtree, request.segments_folder, ignore_errors=True)
        check_disk_space(mixture, engine, output_format, request)
        stem_writer = StemWriter(request.folder, engine.sources, mixture, output_format)
        on_failure.callback(stem_writer.abort)
        separation = Separation(mixture, normalization, engine, request, progress, playhead)
        with closing(separation.stem_blocks(request.folder / "mixture.spool")) as blocks:
            stem_writer.write_all(blocks)
        stems = stem_writer.close()
        null_peak_dbfs = measure_null_dbfs(mixture, [stem.path for stem in stems], progress)
        on_failure.pop_all()
    seconds = mixture.frames / mixture.sample_rate
    notices = (*mixture.notices, *notices, *stem_writer.notices)
    return Outcome(mixture.sample_rate, mixture.channels, mixture.frames, seconds, null_peak_dbfs, notices, stems)


def decode_track(
    track: Path, mixture_path: Path, peaks_path: Path, progress: Progress
) -> tuple[Mixture, Normalization]:
    """Decode `track` into the new file `mixture_path`, and write its peaks to `peaks_path`.

    Raises the same errors as `decode_mixture`, and OSError.
    """
    with closing(_DecodeMeters(peaks_path)) as meters:
        mixture = decode_mixture(
            track, mixture_path, lambda part: progress.advance(Stage.DECODING, part), progress.should_stop, meters
        )
        meters.peaks.close()
    return mixture, meters.normalization_meter.normalization


class _DecodeMeters:
    def __init__(self, peaks: Path) -> None:
        self._path = peaks
        self.peaks, self.normalization_meter = PeakWriter(peaks), NormalizationMeter()

    def reset(self) -> None:
        self.close()
        self.peaks, self.normalization_meter = PeakWriter(self._path), NormalizationMeter()

    def add_block(self, block: NDArray[np.float64]) -> None:
        self.peaks.add_block(block)
        self.normalization_meter.add(block)

    def close(self) -> None:
        """Discard unfinished peaks."""
        self.peaks.abort()
