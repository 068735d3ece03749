"""The jobs of the library as a table: rows change in place, and never all at once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop.audio.names import natural_key
from desktop.jobs.model import Job, JobState
from desktop.jobs.queue import JobProgress
from desktop.jobs.speeds import Speeds, expected_speed
from desktop.settings import DEFAULT_MODEL, Settings
from desktop.ui.jobs import cells
from desktop.ui.jobs.columns import HEADINGS, JOB_ROLE, PLACE_ROLE, SEARCH_ROLE, SORT_ROLE, STATUS_ROLE, Column
from desktop.ui.jobs.days import said
from desktop.ui.jobs.order import queue_key
from desktop.ui.jobs.queue_times import times_left
from desktop.ui.jobs.status import Status, better_model, fell_back, status_of
from desktop.ui.player.sentences import MODEL_TITLES

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_Role = Qt.ItemDataRole


class JobTableModel(QAbstractTableModel):
    """One row a job, in the order in which the rows came; proxies sort."""

    job_changed = Signal(object)
    """A Job whose row was put in place or changed, progress included."""
    queue_changed = Signal()
    """Something was added, ended, removed, or has got on."""
    draft_made = Signal(object)
    """A Job that just ended, and for which Sketch stood in."""
    attempt_ended = Signal(object)
    """A Job that was to be separated again, and kept its earlier stems."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._rows: dict[str, int] = {}
        self._resting: set[str] = set()
        self._ahead: dict[str, int] = {}
        self._left: Mapping[str, float] = {}
        self._titles: Mapping[str, str] = MODEL_TITLES
        self._chosen = DEFAULT_MODEL
        self._paused = False
        self._leaving = ""
        self._speeds: Speeds = {}
        self._settings = Settings()
        self._answers: Mapping[int, Callable[[Job, Column], object]] = {
            _Role.DisplayRole: self._text,
            _Role.AccessibleTextRole: self._spoken,
            _Role.ToolTipRole: lambda job, column: cells.tooltip(job, column, self._status(job)),
            JOB_ROLE: lambda job, _: job,
            STATUS_ROLE: lambda job, _: self._status(job),
            SORT_ROLE: self._sort_key,
            PLACE_ROLE: lambda job, _: queue_key(job),
            SEARCH_ROLE: lambda job, _: cells.search_words(job, self._status(job), self._model(job)),
        }

    @property
    def jobs(self) -> Sequence[Job]:
        """Every job."""
        return tuple(self._jobs)

    @property
    def active(self) -> list[Job]:
        """Jobs that are being done, or will be without anybody asking for more, in the order of the queue."""
        wanted = [job for job in self._jobs if job.state is JobState.PROCESSING or (_waits(job) and not job.paused)]
        return sorted(wanted, key=lambda job: (_waits(job), job.position))

    @property
    def waiting(self) -> list[str]:
        """The ids of the jobs that wait, paused ones too, first to run first."""
        return [job.id for job in sorted(filter(_waits, self._jobs), key=lambda job: job.position)]

    def job(self, job_id: str) -> Job | None:
        """The job of this id, if there is one."""
        row = self._rows.get(job_id)
        return None if row is None else self._jobs[row]

    def job_in(self, row: int) -> Job:
        """The job in a row."""
        return self._jobs[row]

    def row(self, job_id: str) -> int | None:
        """The row of a job."""
        return self._rows.get(job_id)

    def name_models(self, titles: Mapping[str, str], chosen: str) -> None:
        """Call models by these titles; `chosen` is the one for new songs."""
        self._titles, self._chosen = {**MODEL_TITLES, **titles}, chosen
        self._touch(range(len(self._jobs)), Column.MODEL, Column.STATUS)

    def show_paused(self, paused: bool) -> None:
        """Say of waiting songs whether the whole queue is paused."""
        if paused != self._paused:
            self._paused = paused
            self._touch(range(len(self._jobs)), Column.STATUS, Column.ACTIONS)

    def know_speeds(self, speeds: Speeds, settings: Settings) -> None:
        """Take the measured speeds of the models, for songs that are not measured yet."""
        if (speeds, settings) != (self._speeds, self._settings):
            self._speeds, self._settings = speeds, settings
            self._recount()

    @property
    def left(self) -> Mapping[str, float]:
        """Seconds until each active job is done, by its id, as far as that is known."""
        return self._left

    def put(self, jobs: Iterable[Job]) -> None:
        """Take these jobs as they are now: known rows change in place, new ones come below."""
        fresh: dict[str, Job] = {}
        for job in jobs:
            row = self._rows.get(job.id)
            if row is None:
                fresh[job.id] = job
            else:
                self._change(row, newest(self._jobs[row], job))
        if fresh:
            self._append(list(fresh.values()))
        self._recount()

    def drop(self, job_ids: Collection[str]) -> None:
        """Forget these jobs."""
        for row in sorted((self._rows[i] for i in job_ids if i in self._rows), reverse=True):
            self._leaving = self._jobs[row].id
            self.beginRemoveRows(_NOWHERE, row, row)
            self._jobs.pop(row)
            self._rows = {job.id: row for row, job in enumerate(self._jobs)}
            self.endRemoveRows()
            self._leaving = ""
        self._recount()

    def is_leaving(self, job_id: str) -> bool:
        """Return whether the row of this job is being removed now."""
        return job_id == self._leaving

    def sync(self, jobs: Sequence[Job]) -> None:
        """Become this list: what is not in it goes."""
        self.drop(self._rows.keys() - {job.id for job in jobs})
        self.put(jobs)

    def progress(self, news: JobProgress) -> None:
        """Show how far a job has got; news of an earlier owner, or of a job that it has let go of, is old."""
        row = self._rows.get(news.job_id)
        if row is None or not is_news(self._jobs[row], news):
            return
        self._change(row, advanced(self._jobs[row], news))
        self._recount()

    def refresh_times(self) -> None:
        """Say anew how long ago songs were added."""
        self._touch(range(len(self._jobs)), Column.ADDED, Column.ADDED)

    def refresh_rests(self) -> bool:
        """Say anew how long songs wait for their next try. False when none does."""
        now = datetime.now(UTC)
        resting = {job.id for job in self._jobs if job.rest(now)}
        for row in (self._rows[job_id] for job_id in resting | self._resting if job_id in self._rows):
            self._touch(range(row, row + 1), Column.STATUS, Column.STATUS)
        self._resting = resting
        return bool(resting)

    def _append(self, jobs: Sequence[Job]) -> None:
        first = len(self._jobs)
        self.beginInsertRows(_NOWHERE, first, first + len(jobs) - 1)
        self._jobs.extend(jobs)
        self._rows |= {job.id: first + n for n, job in enumerate(jobs)}
        self.endInsertRows()
        for job in jobs:
            self.job_changed.emit(job)

    def _change(self, row: int, job: Job) -> None:
        old = self._jobs[row]
        if old == job:
            return
        self._jobs[row] = job
        self._touch(range(row, row + 1), Column.TITLE, Column.ACTIONS)
        self.job_changed.emit(job)
        if job.last_attempt and job.last_attempt != old.last_attempt:
            self.attempt_ended.emit(job)
        elif job.state is not old.state and fell_back(job):
            self.draft_made.emit(job)

    def _recount(self) -> None:
        """Count again who stands before whom, and tell the rows for which it changed."""
        active = self.active
        waiting = [job.id for job in active if _waits(job)]
        ahead, left = {job_id: n for n, job_id in enumerate(waiting)}, times_left(active, self._speed_of)
        moved = [i for i in waiting if ahead[i] != self._ahead.get(i) or _differs(left.get(i), self._left.get(i))]
        self._ahead, self._left = ahead, left
        if moved:
            rows = [self._rows[job_id] for job_id in moved]
            self._touch(range(min(rows), max(rows) + 1), Column.STATUS, Column.LEFT)
        self.queue_changed.emit()

    def _speed_of(self, job: Job) -> float | None:
        return expected_speed(job, self._settings, self._speeds)

    def _touch(self, rows: range, first: Column, last: Column) -> None:
        if rows:
            self.dataChanged.emit(self.index(rows[0], first), self.index(rows[-1], last))

    def _status(self, job: Job) -> Status:
        better = better_model(job, self._chosen)
        return status_of(job, self._ahead.get(job.id, 0), self._titles.get(better, better), self._paused)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """As many as there are jobs."""
        return 0 if parent.isValid() else len(self._jobs)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """As many as there are columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        """The headings of the columns."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        if role in (_Role.DisplayRole, _Role.AccessibleTextRole):
            return HEADINGS[Column(section)] or ("Actions" if role == _Role.AccessibleTextRole else "")
        return None

    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        """What a cell holds."""
        if not index.isValid() or index.row() >= len(self._jobs):
            return None
        answer = self._answers.get(role)
        return None if answer is None else answer(self._jobs[index.row()], Column(index.column()))

    def _model(self, job: Job) -> str:
        return self._titles.get(job.model, job.model)

    def _text(self, job: Job, column: Column) -> str:
        match column:
            case Column.MODEL:
                return self._model(job)
            case Column.STATUS:
                return self._status(job).sentence
            case Column.LEFT:
                return cells.left(job, self._left.get(job.id))
            case Column.ADDED:
                return said(job.added, datetime.now().astimezone())
            case _:
                return cells.text(job, column)

    def _spoken(self, job: Job, column: Column) -> str:
        match column:
            case Column.TITLE:
                return cells.spoken_row(job, self._status(job))
            case Column.ACTIONS:
                return cells.spoken_actions(job)
            case _:
                return f"{HEADINGS[column]} {self._text(job, column) or 'none'}"

    def _sort_key(self, job: Job, column: Column) -> str | float:
        if column is Column.LEFT:
            return self._left.get(job.id, float("inf"))
        if column is Column.MODEL:
            return natural_key(self._model(job))
        return cells.sort_key(job, column)


def newest(known: Job, job: Job) -> Job:
    """Return `job` as it was read, or as its progress was told when that is further on: rows are written seldom."""
    same_run = (known.token, known.state) == (job.token, job.state) and job.state is JobState.PROCESSING
    if known.token > job.token or (same_run and known.progress > job.progress):
        return replace(
            job,
            state=known.state,
            token=known.token,
            stage=known.stage,
            progress=known.progress,
            elapsed=known.elapsed,
            left=known.left,
        )
    return job


def is_news(job: Job, news: JobProgress) -> bool:
    """True when an owner tells of a run that is not over, as far as is known."""
    if job.state is JobState.PENDING:
        return news.token > job.token  # a claim makes it one more
    return not job.state.ended and news.token >= job.token


def advanced(job: Job, news: JobProgress) -> Job:
    """Return `job` as far as its owner says it is."""
    return replace(
        job,
        state=JobState.PROCESSING,
        token=news.token,
        stage=news.stage,
        progress=news.progress,
        elapsed=news.elapsed,
        left=news.left,
        started=job.started or datetime.now(UTC),
    )


def _waits(job: Job) -> bool:
    return job.state is JobState.PENDING


def _differs(one: float | None, other: float | None) -> bool:
    return one is not other and (one is None or other is None or int(one) != int(other))
