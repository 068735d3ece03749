"""Controller of the library page: table model, refresh, commands, imports and covers."""

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.analysis.harmony import Key
from desktop.jobs.model import Job
from desktop.models.store import Model, ModelStore
from desktop.paths import Home
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.batches import BatchTracker
from desktop.ui.pages.library.bin_commands import BinCommands
from desktop.ui.pages.library.covers import CoverCache
from desktop.ui.pages.library.import_queue import ImportQueue
from desktop.ui.pages.library.job_commands import JobCommands
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.refresher import Refresher
from desktop.ui.widgets.notices import NoticeStrip

_INSERT_DELAY_MS = 40
_COUNTDOWN_INTERVAL_MS, _ADDED_TIMES_INTERVAL_MS = 1000, 60_000


class LibraryController(QObject):
    """Creates and connects the parts of the library page for the window."""

    first_added = Signal(object)
    """The first Job that an import added."""
    models_changed = Signal(object)
    """All Models of the model store, in its order; emitted only if they changed."""
    song_requested = Signal(str)
    """The id of a job that the user wants to see."""

    def __init__(
        self,
        service: ServiceProvider,
        feed: JobFeed,
        model_store: ModelStore,
        home: Home,
        settings_store: SettingsStore,
        notices: NoticeStrip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._service = service
        self._model_store = model_store
        self._background = BackgroundRunner("library", self)
        self._cover_background = BackgroundRunner("covers", self)
        self.table_model = JobTableModel(self)
        self.proxy = JobProxy(self.table_model, self)
        self.covers = CoverCache(home, self._cover_background, self)
        self.refresher = Refresher(service, feed, self.table_model, home, settings_store, self._background, self)
        self.commands = JobCommands(service, self.table_model, notices, self._background, self)
        self.removals = BinCommands(service, self.table_model, self.proxy, notices, self._background, self)
        self.import_queue = ImportQueue(service, self)
        self.activity = ActivityTracker(self.table_model, self)
        self.batch_tracker = BatchTracker(self.table_model, self.activity, self)
        self.models: tuple[Model, ...] = ()
        """The models of the model store at the last `load_models`."""
        self._jobs_to_insert: list[Job] = []
        self._is_new_import = True
        self._is_adding_songs = self._is_opening_stems = False
        self._insert_timer = QTimer(self, interval=_INSERT_DELAY_MS, singleShot=True)
        self._insert_timer.timeout.connect(self._insert_jobs)
        self._added_times_timer = QTimer(self, interval=_ADDED_TIMES_INTERVAL_MS)
        self._added_times_timer.timeout.connect(self.table_model.refresh_added_times)
        self._added_times_timer.start()
        self._countdown_timer = QTimer(self, interval=_COUNTDOWN_INTERVAL_MS)
        self._countdown_timer.timeout.connect(self._update_countdown)
        self.table_model.queue_changed.connect(self._update_countdown)
        feed.trouble_changed.connect(self.activity.set_trouble)
        self.refresher.queue_paused_changed.connect(self.table_model.set_queue_paused)
        self.refresher.queue_paused_changed.connect(self.activity.set_queue_paused)
        self.import_queue.job_added.connect(self._schedule_insert)
        self.import_queue.finished.connect(self._on_import_finished)
        self.import_queue.busy_changed.connect(self._set_adding_songs)
        self.import_queue.busy_changed.connect(self.batch_tracker.set_importing)

    def report_playhead(self, job_id: str, position_s: float) -> None:
        """Report the playhead, in seconds, so that the worker separates the segments near it first."""
        self._background.run(lambda: self._service().report_playhead(job_id, position_s))

    def request_draft(self, job_id: str) -> None:
        """Request a draft of a job that is not finished."""
        self._background.run(lambda: self._service().request_draft(job_id))

    def request_analysis(self, job: Job | None) -> None:
        """Request the analysis of a song that is shown and has stems, unless it has one that can be read."""
        if job is not None and job.result is not None:
            self._background.run(lambda: self._service().request_analysis(job.id))

    def set_song_tempo_and_key(self, job_id: str, tempo_bpm: float | None, key: Key | None) -> None:
        """Store the tempo in beats per minute and the key of a song, as the user corrected them."""
        self._background.run(lambda: self._service().set_song_tempo_and_key(job_id, tempo_bpm, key))

    def insert_song(self, job: Job) -> None:
        """Show a song that was added in another way than by the import queue."""
        self._schedule_insert(job)
        self._on_import_finished(job)

    def set_opening_stems(self, is_opening: bool) -> None:
        """Set whether ready-made stems are being copied into the library."""
        self._is_opening_stems = is_opening
        self._update_importing()

    def load_models(self) -> None:
        """Read the model store in the background; emit `models_changed` if the models differ."""
        self._background.run(self._model_store.list_models, self._set_models)

    def close(self) -> None:
        """Stop the timers and the import, run the commands still queued, and close the threads."""
        self._added_times_timer.stop()
        self._countdown_timer.stop()
        self._insert_timer.stop()
        self.import_queue.close()
        self._cover_background.close()
        self._background.close(run_pending=True)

    def _update_countdown(self) -> None:
        """Update the retry countdowns each second while any job waits for a retry."""
        if not self.table_model.refresh_retry_countdowns():
            self._countdown_timer.stop()
        elif not self._countdown_timer.isActive():
            self._countdown_timer.start()

    def _set_models(self, models: tuple[Model, ...]) -> None:
        if models != self.models:
            self.models = models
            self.models_changed.emit(models)

    def _set_adding_songs(self, is_adding: bool) -> None:
        self._is_adding_songs = is_adding
        self._update_importing()

    def _update_importing(self) -> None:
        self.activity.set_importing(self._is_adding_songs or self._is_opening_stems)

    def _schedule_insert(self, job: Job) -> None:
        self._jobs_to_insert.append(job)
        if not self._insert_timer.isActive():
            self._insert_timer.start()

    def _insert_jobs(self) -> None:
        new_jobs, self._jobs_to_insert = self._jobs_to_insert, []
        # A row that was read from the database meanwhile is newer than the job as it was added.
        self.table_model.upsert_jobs(job for job in new_jobs if self.table_model.find_job(job.id) is None)
        if self._is_new_import and new_jobs:
            self._is_new_import = False
            self.first_added.emit(new_jobs[0])

    def _on_import_finished(self, _: object) -> None:
        self._insert_jobs()
        self._is_new_import = True
