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

from desktop.audio.names import shown
from desktop.disk_trouble import disk_trouble
from desktop.errors import StorageError
from desktop.pipeline.decode import decode
from desktop.pipeline.engines.engine import Engine
from desktop.pipeline.null import null_dbfs
from desktop.pipeline.plan import plan_for
from desktop.pipeline.progress import Progress, Step
from desktop.pipeline.room import check_room
from desktop.pipeline.schedule import Playhead
from desktop.pipeline.separate import How, Separation
from desktop.pipeline.stems import StemFile, StemFiles

__all__ = ["Outcome", "Request", "StemFile", "Step", "run"]


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
    report: Callable[[Step], None],
    should_stop: Callable[[], bool],
    playhead: Playhead = lambda: None,
) -> Outcome:
    """Separate one track, from where it is listened to on. The stems are the same bits wherever that is.

    Raises an UnbraidError, and then leaves nothing behind but `request.segments`, and the peaks that were there before.
    """
    progress = Progress(report, should_stop)
    try:
        return _run(request, engine, progress, playhead)
    except OSError as error:
        reason, advice = disk_trouble(error, request.folder.parent)
        name = shown(request.source.name)
        raise StorageError(f"The stems of {name} could not be written: {reason}.", f"{advice}, then try again.") from error


def _run(request: Request, engine: Engine, progress: Progress, playhead: Playhead) -> Outcome:
    request.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as always, ExitStack() as on_failure:
        decoded = request.folder / "mixture.wav"
        always.callback(decoded.unlink, missing_ok=True)
        if not request.mixture_peaks.exists():
            on_failure.callback(request.mixture_peaks.unlink, missing_ok=True)
        mixture, level = decode(request.source, decoded, request.mixture_peaks, progress)
        plan, notices = plan_for(request, mixture.sample_format, mixture.sample_rate)
        how = _how(request)
        if request.segments is None:
            always.callback(shutil.rmtree, how.segments, ignore_errors=True)
        check_room(mixture, engine, plan, how, request)
        files = StemFiles(request.folder, engine.sources, mixture, plan)
        on_failure.callback(files.abort)
        separation = Separation(mixture, level, engine, how, progress, playhead)
        with closing(separation.stems(request.folder / "mixture.spool")) as blocks:
            files.write_all(blocks)
        stems = files.close()
        null = null_dbfs(mixture, [stem.path for stem in stems], progress)
        on_failure.pop_all()
    seconds = mixture.frames / mixture.sample_rate
    notices = (*mixture.notices, *notices, *files.notices)
    return Outcome(mixture.sample_rate, mixture.channels, mixture.frames, seconds, null, notices, stems)


def _how(request: Request) -> How:
    segments = request.segments or request.folder / "segments"
    return How(segments, request.key, request.overlap, request.shifts)
