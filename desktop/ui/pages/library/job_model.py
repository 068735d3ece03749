"""Table model of the library's jobs; rows change in place, and the model is never reset."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop.audio.names import natural_sort_key
from desktop.jobs.model import Job, JobProgress
from desktop.jobs.speeds import Speeds, expected_speed
from desktop.models.titles import find_model_title
from desktop.settings import DEFAULT_MODEL, Settings
from desktop.text.message import tr
from desktop.ui.pages.library import cells
from desktop.ui.pages.library.active_queue import ActiveQueue
from desktop.ui.pages.library.cells import SortKey
from desktop.ui.pages.library.columns import HEADINGS, JOB_ROLE, QUEUE_COLUMNS, STATUS_ROLE, Column
from desktop.ui.pages.library.relative_time import format_relative_time
from desktop.ui.pages.library.row_ranges import contiguous_ranges
from desktop.ui.pages.library.status import Status, choose_model_to_separate_again, is_sketch_fallback, make_status

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_Role = Qt.ItemDataRole


class JobTableModel(QAbstractTableModel):
    """One row per job, in the order of insertion; JobProxy sorts."""

    job_changed = Signal(object)
    """A Job whose row was inserted or changed, progress included."""
    queue_changed = Signal()
    """Jobs were added or removed, or more than the progress of unfinished ones changed."""
    progress_changed = Signal()
    """Only the progress or the time left of running jobs changed."""
    times_left_changed = Signal()
    """The time left of all waiting jobs changed by the same amount; `dataChanged` is not emitted for their rows."""
    sketch_fallback_completed = Signal(object)
    """A Job that has just completed with Sketch in place of the requested model."""
    not_separated_again = Signal(object)
    """A Job that was to be separated again and was not; it keeps its earlier stems."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._rows: dict[str, int] = {}
        self._retrying_ids: set[str] = set()
        self._statuses: dict[str, Status] = {}
        self._model_titles: Mapping[str, str] = {}
        self._default_model = DEFAULT_MODEL
        self._is_queue_paused = False
        self._removing_ids: frozenset[str] = frozenset()
        self._speeds: Speeds = {}
        self._settings = Settings()
        self._queue = ActiveQueue(lambda job: expected_speed(job, self._settings, self._speeds))
        self._times_shown = self._times_to_show()
        self._role_getters: Mapping[int, Callable[[Job, Column], object]] = {
            _Role.DisplayRole: self._display_text,
            _Role.AccessibleTextRole: self._accessible_text,
            _Role.ToolTipRole: lambda job, column: cells.tooltip(job, column, self._status(job)),
            JOB_ROLE: lambda job, _: job,
            STATUS_ROLE: lambda job, _: self._status(job),
        }

    @property
    def jobs(self) -> Sequence[Job]:
        """All jobs, in row order."""
        return tuple(self._jobs)

    @property
    def job_ids(self) -> list[str]:
        """The ids of all jobs, in row order."""
        return list(self._rows)

    @property
    def queue(self) -> ActiveQueue:
        """Running and waiting jobs in queue order, with their times left."""
        return self._queue

    def find_job(self, job_id: str) -> Job | None:
        """Return the job with this id, or None if it is not in the table."""
        row = self._rows.get(job_id)
        return None if row is None else self._jobs[row]

    def job_by_id(self, job_id: str) -> Job:
        """Return the job with this id. Raises KeyError if it is not in the table."""
        return self._jobs[self._rows[job_id]]

    def job_at_row(self, row: int) -> Job:
        """Return the job in a row. Raises IndexError if there is no such row."""
        return self._jobs[row]

    def set_model_titles(self, titles: Mapping[str, str], default_model: str) -> None:
        """Set the titles of models by name, and the name of the model for new jobs."""
        self._model_titles, self._default_model = titles, default_model
        self._statuses.clear()
        self._emit_data_changed(range(len(self._jobs)), Column.MODEL, Column.STATUS)

    def set_queue_paused(self, is_paused: bool) -> None:
        """Set whether the queue is paused, which the status of pending jobs mentions."""
        if is_paused != self._is_queue_paused:
            self._is_queue_paused = is_paused
            self._statuses.clear()
            self._emit_data_changed(range(len(self._jobs)), Column.STATUS, Column.ACTIONS)

    def set_speeds(self, speeds: Speeds, settings: Settings) -> None:
        """Set the measured speeds of the models and the settings, from which the time left is estimated."""
        if (speeds, settings) != (self._speeds, self._settings):
            self._speeds, self._settings = speeds, settings
            self._queue.mark_speeds_changed()
            self._update_queue()

    def upsert_jobs(self, jobs: Iterable[Job]) -> None:
        """Update the rows of known jobs in place, and append rows for new ones."""
        new_jobs: dict[str, Job] = {}
        for job in jobs:
            row = self._rows.get(job.id)
            if row is None:
                new_jobs[job.id] = job
            else:
                self._update_row(row, job.keep_progress_of(self._jobs[row]))
        if new_jobs:
            self._append_jobs(list(new_jobs.values()))
        self._update_queue(has_other_rows=bool(new_jobs))

    def remove_jobs(self, job_ids: Collection[str]) -> None:
        """Remove the rows of these jobs; unknown ids are ignored."""
        rows = sorted(self._rows[i] for i in job_ids if i in self._rows)
        for first, last in reversed(contiguous_ranges(rows)):
            removed = self._jobs[first : last + 1]
            self._removing_ids = frozenset(job.id for job in removed)
            self.beginRemoveRows(_NO_PARENT, first, last)
            del self._jobs[first : last + 1]
            self._rows = {job.id: row for row, job in enumerate(self._jobs)}
            for job in removed:
                self._statuses.pop(job.id, None)
                self._queue.replace(job, None)
            self.endRemoveRows()
            self._removing_ids = frozenset()
        if rows:
            self._update_queue(has_other_rows=True)

    def is_removing(self, job_id: str) -> bool:
        """Return whether the row of this job is being removed now."""
        return job_id in self._removing_ids

    def sync(self, jobs: Sequence[Job]) -> None:
        """Make the table hold exactly `jobs`: remove other rows, update and append."""
        self.remove_jobs(self._rows.keys() - {job.id for job in jobs})
        self.upsert_jobs(jobs)

    def apply_progress(self, progress: JobProgress) -> None:
        """Apply a progress event; events of an earlier claim or of an ended run are discarded."""
        row = self._rows.get(progress.job_id)
        if row is None or not self._jobs[row].accepts(progress):
            return
        self._update_row(row, self._jobs[row].merged_with(progress))
        self._update_queue()

    def refresh_added_times(self) -> None:
        """Repaint the Added column, whose texts depend on the current time."""
        self._emit_data_changed(range(len(self._jobs)), Column.ADDED, Column.ADDED)

    def refresh_retry_countdowns(self) -> bool:
        """Repaint the status of jobs that wait for a retry; return whether there are any."""
        waiting = (self._jobs[self._rows[job_id]] for job_id in self._queue.retrying_ids)
        retrying_ids = {job.id for job in waiting if job.retry_delay(datetime.now(UTC))}
        for row in (self._rows[job_id] for job_id in retrying_ids | self._retrying_ids if job_id in self._rows):
            self._emit_data_changed(range(row, row + 1), Column.STATUS, Column.STATUS)
        self._retrying_ids = retrying_ids
        return bool(retrying_ids)

    def _append_jobs(self, jobs: Sequence[Job]) -> None:
        first = len(self._jobs)
        self.beginInsertRows(_NO_PARENT, first, first + len(jobs) - 1)
        self._jobs.extend(jobs)
        self._rows |= {job.id: first + n for n, job in enumerate(jobs)}
        for job in jobs:
            self._queue.replace(None, job)
        self.endInsertRows()
        for job in jobs:
            self.job_changed.emit(job)

    def _update_row(self, row: int, job: Job) -> None:
        old = self._jobs[row]
        if old == job:
            return
        self._jobs[row] = job
        self._statuses.pop(job.id, None)
        self._queue.replace(old, job)
        self._emit_data_changed(range(row, row + 1), Column.TITLE, Column.ACTIONS)
        self.job_changed.emit(job)
        if job.last_attempt and job.last_attempt != old.last_attempt:
            self.not_separated_again.emit(job)
        elif job.state is not old.state and is_sketch_fallback(job):
            self.sketch_fallback_completed.emit(job)

    def _update_queue(self, has_other_rows: bool = False) -> None:
        """Emit what has changed of the queue, and `dataChanged` for waiting jobs whose place has changed."""
        changed_ids = self._queue.refresh()
        for job_id in changed_ids or ():
            self._statuses.pop(job_id, None)
        self._show_times_left(changed_ids or ())
        if changed_ids is None and not has_other_rows:
            self.progress_changed.emit()
        else:
            self.queue_changed.emit()

    def _show_times_left(self, changed_ids: Collection[str]) -> None:
        """Emit `dataChanged` for the rows of `changed_ids`, and `times_left_changed` if other times left changed."""
        shown_before = self._times_shown
        self._times_shown = self._times_to_show()
        self._emit_jobs_changed(changed_ids, *QUEUE_COLUMNS)
        if self._times_shown[0] != shown_before[0]:  # the times of all waiting jobs appear or vanish
            self._emit_jobs_changed(self._queue.active_ids, Column.TIME_LEFT, Column.TIME_LEFT)
        elif self._times_shown != shown_before:
            self.times_left_changed.emit()

    def _emit_jobs_changed(self, job_ids: Collection[str], first: Column, last: Column) -> None:
        rows = [self._rows[job_id] for job_id in job_ids]
        if rows:
            self._emit_data_changed(range(min(rows), max(rows) + 1), first, last)

    def _times_to_show(self) -> tuple[tuple[bool, bool], int | None]:
        """Return which times left are known, and the whole seconds of the last one."""
        seconds = self._queue.total_seconds_left
        is_known = (self._queue.is_next_start_known, self._queue.is_speed_measured)
        return is_known, None if seconds is None else int(seconds)

    def _emit_data_changed(self, rows: range, first: Column, last: Column) -> None:
        if rows:
            self.dataChanged.emit(self.index(rows[0], first), self.index(rows[-1], last))

    def _status(self, job: Job) -> Status:
        if (status := self._statuses.get(job.id)) is None:
            title = self._model_title(choose_model_to_separate_again(job, self._default_model))
            status = make_status(job, self._queue.songs_ahead(job.id), title, self._is_queue_paused)
            if job.not_before is None:  # otherwise the status counts down
                self._statuses[job.id] = status
        return status

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._jobs)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Role.DisplayRole) -> object:
        roles = (_Role.DisplayRole, _Role.AccessibleTextRole)
        if orientation is not Qt.Orientation.Horizontal or role not in roles or not 0 <= section < len(Column):
            return None
        return str(HEADINGS.get(Column(section), "")) or (tr("Actions") if role == _Role.AccessibleTextRole else "")

    def data(self, index: Index, role: int = _Role.DisplayRole) -> Any:
        is_cell = index.isValid() and index.row() < len(self._jobs)
        return self.cell_data(self._jobs[index.row()], index.column(), role) if is_cell else None

    def cell_data(self, job: Job, column: int, role: int) -> object:
        """Return the data of a job's cell; None for roles without data."""
        getter = self._role_getters.get(role)
        return None if getter is None else getter(job, Column(column))

    def search_text(self, job: Job) -> str:
        """Return the case-folded text in which a search looks for a job."""
        return cells.search_text(job, self._status(job), self._model_title(job.model))

    def _model_title(self, name: str) -> str:
        return str(find_model_title(name, self._model_titles.get(name, "")))

    def _display_text(self, job: Job, column: Column) -> str:
        match column:
            case Column.MODEL:
                return self._model_title(job.model)
            case Column.STATUS:
                return self._status(job).full_text
            case Column.TIME_LEFT:
                return cells.format_remaining_time(job, self._queue.seconds_left(job.id))
            case Column.ADDED:
                return format_relative_time(job.added, datetime.now().astimezone())
            case _:
                return cells.format_cell(job, column)

    def _accessible_text(self, job: Job, column: Column) -> str:
        match column:
            case Column.TITLE:
                return cells.accessible_row_text(job, self._status(job))
            case Column.ACTIONS:
                return cells.accessible_actions_text(job)
            case _:
                text = self._display_text(job, column) or tr("none")
                return tr("{heading} {text}", heading=HEADINGS[column], text=text)

    def sort_key(self, job: Job, column: Column) -> SortKey:
        """Return the key by which a column sorts a job."""
        if column is Column.TIME_LEFT:
            return self._queue.time_rank(job.id)
        if column is Column.MODEL:
            return natural_sort_key(self._model_title(job.model))
        return cells.sort_key(job, column)
