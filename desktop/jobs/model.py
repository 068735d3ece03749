"""A job and its stems as values. Rows and dicts never leave `jobs.store`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path

from desktop.settings import Settings


class JobState(StrEnum):
    """Where a job stands. `processing` goes back to `pending` when its owner is lost, or it is paused."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """True when nothing will happen to the job unless the user asks."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class OwnerDirective(Enum):
    """What the owner of a job is to do with it from now on."""

    CONTINUE = "go on"
    PAUSE = "pause"
    """Stop, and let it wait: the job or the whole queue was paused, or the job was moved to the bin."""
    CANCEL = "cancel"
    ABANDON = "let go"
    """The claim is lost: the job is deleted, or somebody else's."""


class Stage(StrEnum):
    """What a processing job is doing."""

    DOWNLOADING = "downloading"
    DECODING = "decoding"
    SEPARATING = "separating"
    WRITING = "writing"


MAX_OVERLAP = 0.9
MAX_SHIFTS = 20
BIN_RETENTION_DAYS = 30
"""Days after its removal a job in the bin is deleted: by each process that reconciles queue and library, which looks at
its start, and then once a day."""


@dataclass(frozen=True)
class JobOptions:
    """How a track is to be separated and written. The defaults are what the window uses."""

    model: str = "htdemucs"
    """A name of the shelf, or "sketch"."""
    format: str = "wav"
    """Container of the stems: "wav", "flac" or "mp3"."""
    bits: str | None = None
    """"16", "24" or "32f"; None follows the source."""
    sum_mode: str = "exact"
    """"exact": the stems sum to the source sample for sample; "raw": the engine's own output."""
    out: Path | None = None
    """A folder of the user's that receives the stems as well; None keeps them in the library alone."""
    overlap: float = 0.25
    """Part of a segment that it shares with its neighbour."""
    shifts: int = 0
    """How many turns, each cut elsewhere, are averaged; 0 for one, cut from the first frame on."""


@dataclass(frozen=True)
class Stem:
    """One separated source of a completed job."""

    name: str
    """"vocals", "drums", "bass", "other", "guitar", "piano", or what an imported model calls its sources."""
    path: Path
    """The audio file in the library, at the source's sample rate, channel count and number of frames."""
    peaks: Path
    """The peak pyramid of that file."""
    exported: Path | None = None
    """The copy in `JobOptions.out`, when one was asked for."""


@dataclass(frozen=True)
class Attempt:
    """How the last attempt to separate a song again ended. It made no stems; the earlier ones stayed."""

    state: JobState
    """`failed` or `cancelled`."""
    error: str | None = None
    """The sentence that says why it failed."""


@dataclass(frozen=True)
class Job:
    """One track to separate, one row."""

    id: str
    """A UUID4 in its canonical form."""
    state: JobState
    title: str
    """The tag, or the file's name without its suffix."""
    artist: str
    """The tag, or empty."""
    album: str
    """The tag, or empty."""
    source: Path
    """Where the track lay when it was added. The library's copy is in `home.job(id).source`."""
    options: JobOptions
    position: int
    """Place in the queue: lower runs first."""
    added: datetime
    """UTC, aware, like every datetime here."""
    token: int = 0
    """Fencing token: one more at every claim. Only its owner may write to the row."""
    crashes: int = 0
    """How many owners died while they held the job, since one of them came further than all before."""
    cancel_requested: bool = False
    paused: bool = False
    """By the user, by itself: while it waits it is not begun, while it runs it is to stop and wait."""
    retries: int = 0
    """How often it was tried again after a failure that may pass."""
    not_before: datetime | None = None
    """When it is tried again, while it waits for that."""
    sparing: bool = False
    """Separated in shorter segments on the processor, because there was not enough memory."""
    stage: Stage | None = None
    """Set while processing."""
    progress: float = 0.0
    """0 to 1 over the whole job. Kept while it waits to go on: its finished segments are."""
    elapsed: float = 0.0
    """Seconds of work so far; of the whole job once ended."""
    left: float | None = None
    """Estimated seconds to go, once known."""
    seconds: float | None = None
    """Length of the track: the tag's estimate at first, the decoded length once known."""
    sample_rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    model_used: str | None = None
    """The engine's name once separating began: differs from `options.model` after a fall-back to Sketch."""
    runtime: str | None = None
    """What computes the model, as engines name it ("openvino", "torch", "cuda fp16" …), once separating began."""
    null_dbfs: float | None = None
    """Measured peak of source minus sum of stems; -300 when there is no difference at all."""
    notices: tuple[str, ...] = ()
    """Sentences for the user: channels folded, file incomplete, Sketch used, a stem written as float …"""
    error: str | None = None
    """The sentence shown for a failed job, and for one that waits for its next try."""
    started: datetime | None = None
    ended: datetime | None = None
    stems: tuple[Stem, ...] = field(default=())
    """In the order of the engine's sources: those of the last completed run; empty before."""
    earlier: "Job | None" = None
    """The completed job as it was before the song began to be separated again; None otherwise."""
    last_attempt: Attempt | None = None
    """Set on a completed job that could not be separated again."""
    removed: datetime | None = None
    """When it was moved to the bin; None for a job of the library."""
    digest: str | None = None
    """SHA-256 of the track, in hexadecimal digits; None while it is not known."""

    @property
    def wants_draft(self) -> bool:
        """True while the song is to be separated and has no stems to be played."""
        return not self.state.has_ended and self.earlier is None

    @property
    def model(self) -> str:
        """Name of the model that separated the track, or is to; empty for a track that failed without stems."""
        if self.state is JobState.FAILED and not self.stems:
            return ""
        return self.model_used or self.options.model

    @property
    def result(self) -> "Job | None":
        """The completed job whose stems can be played: this one, or the earlier one while it is separated again."""
        return self if self.state is JobState.COMPLETED else self.earlier

    def retry_delay(self, now: datetime) -> float:
        """Seconds until it is tried again; 0 when it does not wait for that."""
        if self.state is not JobState.PENDING or self.paused or self.not_before is None:
            return 0.0
        return max(0.0, (self.not_before - now).total_seconds())


@dataclass(frozen=True)
class RemovedJob:
    """A job in the bin."""

    job: Job
    removed: datetime
    size_bytes: int
    """Size of all its files."""

    @property
    def kept_until(self) -> datetime:
        """When it is deleted, UTC."""
        return self.removed + timedelta(days=BIN_RETENTION_DAYS)


def options_from_settings(settings: Settings) -> JobOptions:
    """The options for a song that nothing else is said about; the default for what a hand wrote that cannot be."""
    defaults = JobOptions(model=settings.model)
    overlap = settings.overlap if 0.0 <= settings.overlap <= MAX_OVERLAP else defaults.overlap
    shifts = settings.shifts if 0 <= settings.shifts <= MAX_SHIFTS else defaults.shifts
    return JobOptions(model=settings.model, overlap=overlap, shifts=shifts)
