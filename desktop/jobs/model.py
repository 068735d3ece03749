"""Jobs, their options and their stems as frozen values. Rows and dicts never leave `jobs.store`."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path

from desktop.analysis.harmony import Key
from desktop.audio.stems import sort_stem_names
from desktop.settings import Settings, valid_settings
from desktop.stage import Stage
from desktop.text.message import Message


class JobState(StrEnum):
    """State of a job. `processing` returns to `pending` if the owner is lost or the job is paused."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """True if the job stays as it is until the user acts."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED)


class AnalysisInput(StrEnum):
    """What the analysis of a song was made from."""

    DRAFT = "draft"
    """The draft: a first analysis, replaced once the song has stems."""
    STEMS = "stems"


class OwnerDirective(Enum):
    """What the owner of a job must do next."""

    CONTINUE = "continue"
    PAUSE = "pause"
    """Stop and return the job to the queue: the job or the queue was paused, or the job was moved to the bin."""
    CANCEL = "cancel"
    ABANDON = "abandon"
    """Stop without writing: the claim is lost, because the job was deleted or another process owns it."""


MAX_RETRY_DELAY_S = 600.0
"""Longest delay before a retry, in seconds."""
BIN_RETENTION_DAYS = 30
"""Days until a job in the bin is deleted. Each process that reconciles checks at its start and then once a day."""


@dataclass(frozen=True)
class JobOptions:
    """How to separate a track and write its stems. The window uses the defaults."""

    model: str = Settings.model
    """Name of a model in the catalogue or the model store, or "sketch"."""
    format: str = "wav"
    """Container of the stems: "wav", "flac" or "mp3"."""
    bits: str | None = None
    """"16", "24" or "32f"; None follows the source."""
    sum_mode: str = "exact"
    """"exact": the stems sum to the source sample for sample; "raw": the engine's own output."""
    out: Path | None = None
    """Folder of the user that receives copies of the stems; None keeps them in the library only."""
    overlap: float = Settings.overlap
    """Part of a segment shared with its neighbour, in the range of the setting."""
    shifts: int = Settings.shifts
    """Number of passes that are averaged, each with a shifted grid; 0 for one pass with an unshifted grid."""


@dataclass(frozen=True)
class Stem:
    """One stem of a completed job."""

    name: str
    """"vocals", "drums", "bass", "other", "guitar", "piano", or the name that an imported model gives."""
    path: Path
    """Audio file in the library, with the sample rate, channel count and number of frames of the track."""
    peaks: Path
    """Peak pyramid of that file."""
    exported: Path | None = None
    """Copy in `JobOptions.out`; None without one."""


@dataclass(frozen=True)
class Attempt:
    """End of the last attempt to separate a track again, which made no stems; the earlier stems stayed."""

    state: JobState
    """`failed` or `cancelled`."""
    error: Message | None = None
    """Message for the user with the reason of a failure."""


@dataclass(frozen=True)
class JobProgress:
    """Progress of a processing job."""

    job_id: str
    token: int
    stage: Stage
    progress: float
    """0 to 1 over the whole job, or over the download while downloading; never decreases within either."""
    elapsed: float
    """Seconds since the claim."""
    left: float | None
    """Estimated remaining seconds; None while unknown."""


@dataclass(frozen=True)
class Job:
    """One track to separate: one row of the library."""

    id: str
    """UUID4 in canonical form."""
    state: JobState
    title: str
    """Title tag, or the file name without its suffix."""
    artist: str
    """Artist tag, or empty."""
    album: str
    """Album tag, or empty."""
    source: Path
    """Path of the track when it was added, or of the folder or file of ready-made stems. The library's copy, or the sum
    of these stems, is in `home.job_folder(id).source`."""
    options: JobOptions
    position: int
    """Position in the queue; lower positions run first."""
    added: datetime
    """Aware datetime in UTC, like every datetime here."""
    token: int = 0
    """Fencing token, incremented by each claim. Only the owner with the current token may write to the row."""
    crashes: int = 0
    """Number of owners that died in a row. One that left more finished segments than before restarts the count."""
    cancel_requested: bool = False
    paused: bool = False
    """True if the user paused this job: it is not started, or stops and returns to the queue."""
    retries: int = 0
    """Number of retries after a transient failure."""
    not_before: datetime | None = None
    """Time of the next retry; None if none is scheduled."""
    low_memory: bool = False
    """True if the job is separated in low memory: in shorter segments on the CPU, because memory ran out."""
    stage: Stage | None = None
    """Current stage while processing; None otherwise."""
    progress: float = 0.0
    """0 to 1 over the whole job. Kept while the job waits to continue, as its finished segments are."""
    elapsed: float = 0.0
    """Seconds of work so far, or of the whole job once it has ended."""
    left: float | None = None
    """Estimated remaining seconds; None while unknown."""
    seconds: float | None = None
    """Length of the track in seconds: from its tags at first, then the decoded length."""
    sample_rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    model_used: str | None = None
    """Name of the engine, set when separating begins; differs from `options.model` after a fall-back to Sketch, and is
    `READY_STEMS_MODEL` if another program separated the song."""
    runtime: str | None = None
    """Runtime of the engine ("openvino", "torch", "cuda fp16" …), set when separating begins."""
    null_dbfs: float | None = None
    """Result of the null test in dBFS: peak of the mixture minus the sum of the stems; -300 if they are equal."""
    notices: tuple[Message, ...] = ()
    """Messages for the user: channels downmixed, file incomplete, Sketch used, a stem written as float …"""
    error: Message | None = None
    """Message for the user about a failed job, or a job that waits for its retry."""
    started: datetime | None = None
    ended: datetime | None = None
    stems: tuple[Stem, ...] = field(default=())
    """Stems of the last completed run in the order of the engine's sources; empty before."""
    earlier: "Job | None" = None
    """The completed job as it was before the track was queued to be separated again; None otherwise."""
    last_attempt: Attempt | None = None
    """Set on a completed job whose last attempt to separate again made no stems."""
    removed: datetime | None = None
    """Time of the move to the bin; None for a job of the library."""
    digest: str | None = None
    """SHA-256 of the track in hexadecimal digits, or of the files of ready-made stems; None while unknown."""
    tempo_bpm: float | None = None
    """Tempo in beats per minute, as the user corrected it; None if unknown or if the song has no steady beat."""
    key: Key | None = None
    """Key, as the user corrected it; None if unknown or if the song has none."""
    analysed: AnalysisInput | None = None
    """What the analysis of the song was made from; None if there is none."""

    @property
    def wants_draft(self) -> bool:
        """True while the job has not ended and has no earlier stems to play."""
        return not self.state.has_ended and self.earlier is None

    @property
    def wants_analysis(self) -> bool:
        """True if the song has not been analysed, or only its draft was and it has stems now."""
        return self.analysed is None or (self.analysed is AnalysisInput.DRAFT and self.result is not None)

    @property
    def model(self) -> str:
        """Name of the model that separated the track or will separate it; empty for a job that failed without stems."""
        if self.state is JobState.FAILED and not self.stems:
            return ""
        return self.model_used or self.options.model

    @property
    def result(self) -> "Job | None":
        """The completed job with stems to play: this one, or the earlier one while it is separated again."""
        return self if self.state is JobState.COMPLETED else self.earlier

    def sorted_stems(self) -> "list[Stem]":
        """Return the stems in display order."""
        order = sort_stem_names(stem.name for stem in self.stems)
        return sorted(self.stems, key=lambda stem: order.index(stem.name))

    def retry_delay(self, now: datetime) -> float:
        """Return the seconds from `now` until the next retry; 0 if none is scheduled."""
        if self.state is not JobState.PENDING or self.paused or self.not_before is None:
            return 0.0
        return max(0.0, (self.not_before - now).total_seconds())

    def accepts(self, progress: JobProgress) -> bool:
        """Return True if `progress` belongs to a run of this job that has not ended, as far as known."""
        if self.state is JobState.PENDING:
            return progress.token > self.token  # a claim increments the token
        return not self.state.has_ended and progress.token >= self.token

    def merged_with(self, progress: JobProgress) -> "Job":
        """Return the job as processing, with the values of `progress`."""
        processing = self._with_run(JobState.PROCESSING, progress)
        return replace(processing, started=self.started or datetime.now(UTC))

    def keep_progress_of(self, known: "Job") -> "Job":
        """Return the job with the progress of `known`, if that is newer.

        Rows are written to the database less often than progress events arrive.
        """
        is_same_run = (known.token, known.state) == (self.token, self.state) and self.state is JobState.PROCESSING
        if known.token <= self.token and not (is_same_run and known.progress > self.progress):
            return self
        return self._with_run(known.state, known)

    def _with_run(self, state: JobState, run: "JobProgress | Job") -> "Job":
        return replace(
            self,
            state=state,
            token=run.token,
            stage=run.stage,
            progress=run.progress,
            elapsed=run.elapsed,
            left=run.left,
        )


@dataclass(frozen=True)
class RemovedJob:
    """A job in the bin."""

    job: Job
    removed: datetime
    size_bytes: int
    """Size of all its files in bytes."""

    @property
    def kept_until(self) -> datetime:
        """Time of its deletion in UTC."""
        return self.removed + timedelta(days=BIN_RETENTION_DAYS)


def options_from_settings(settings: Settings) -> JobOptions:
    """Return the default options for a new track. Out-of-range settings are replaced by their defaults."""
    valid = valid_settings(settings)
    return JobOptions(model=valid.model, overlap=valid.overlap, shifts=valid.shifts)
