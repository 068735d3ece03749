"""Refresh of the job table from the library's database."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.errors import UnbraidError, UnknownJobError
from desktop.jobs.model import Job
from desktop.jobs.speeds import Speeds, load_speeds
from desktop.paths import Home
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.library.job_model import JobTableModel

_FULL_RELOAD_THRESHOLD = 20
"""If more rows changed than this, reading the whole library is faster than reading them one by one."""
_RETRY_DELAY_MS = 2000


@dataclass(frozen=True)
class _ReadResult:
    """Jobs read from the library, with the speeds read at the same time."""

    jobs: Sequence[Job]
    missing_ids: Sequence[str]
    is_full: bool
    speeds: Speeds
    is_queue_paused: bool = False


class Refresher(QObject):
    """Reads rows in the background when the job feed reports changes.

    The first change is read at once; changes that arrive during a read are read together after it.
    """

    loaded = Signal()
    """The whole library was read."""
    queue_paused_changed = Signal(bool)
    """Whether the queue is paused."""
    load_failed = Signal(str)
    """Why the library cannot be read; it is read again after a delay."""

    def __init__(
        self,
        service: ServiceProvider,
        feed: JobFeed,
        table_model: JobTableModel,
        home: Home,
        settings_store: SettingsStore,
        background: BackgroundRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._table_model = table_model
        self._home = home
        self._settings_store = settings_store
        self._background = background
        self._changed_ids: set[str] = set()
        self._needs_reload = False
        self._is_reading = False
        feed.job_changed.connect(self.refresh)
        feed.events_missed.connect(self.reload)
        feed.paused_changed.connect(self.queue_paused_changed)
        feed.progressed.connect(table_model.apply_progress)

    def refresh(self, job_id: str) -> None:
        """Read the row of one job again."""
        self._changed_ids.add(job_id)
        self._start_reading()

    def reload(self) -> None:
        """Read all rows again."""
        self._needs_reload = True
        self._start_reading()

    def _start_reading(self) -> None:
        if self._is_reading or not (self._changed_ids or self._needs_reload):
            return
        self._is_reading = True
        changed_ids, is_full = (
            tuple(self._changed_ids),
            self._needs_reload or len(self._changed_ids) > _FULL_RELOAD_THRESHOLD,
        )
        self._changed_ids, self._needs_reload = set(), False
        self._background.run(lambda: self._read_jobs(changed_ids, is_full), self._apply_result, self._on_read_failed)

    def _read_jobs(self, changed_ids: Sequence[str], is_full: bool) -> _ReadResult:
        """Read the changed jobs, or all if `is_full`. Runs in the background thread."""
        speeds = load_speeds(self._home)
        if is_full:
            return _ReadResult(self._service().jobs(), (), True, speeds, self._service().is_queue_paused())
        jobs, missing_ids = list[Job](), list[str]()
        for job_id in changed_ids:
            try:
                jobs.append(self._service().job(job_id))
            except UnknownJobError:
                missing_ids.append(job_id)
        return _ReadResult(jobs, missing_ids, False, speeds)

    def _apply_result(self, result: _ReadResult) -> None:
        self._is_reading = False
        self._table_model.set_speeds(result.speeds, self._settings_store.settings)
        if result.is_full:
            self._table_model.sync(result.jobs)
            self.queue_paused_changed.emit(result.is_queue_paused)
            self.loaded.emit()
        else:
            self._table_model.upsert_jobs(result.jobs)
            self._table_model.remove_jobs(result.missing_ids)
        self._start_reading()

    def _on_read_failed(self, error: UnbraidError) -> None:
        self._is_reading = False
        self.load_failed.emit(str(error))
        QTimer.singleShot(_RETRY_DELAY_MS, self, self.reload)
