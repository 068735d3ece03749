"""Main window: layout of its parts and the signals between them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from desktop.jobs.model import Job
from desktop.models.store import Model, ModelStore
from desktop.paths import Home
from desktop.playback.session import Session
from desktop.setting_spec import Group
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.app.app_notices import UpdateNotice
from desktop.ui.app.current_song import InitialSelection, ShownSong
from desktop.ui.app.event_notices import EventNotices
from desktop.ui.app.job_action_handler import JobActionHandler
from desktop.ui.app.model_store_watcher import ModelStoreWatcher
from desktop.ui.app.navigation import Navigation
from desktop.ui.app.page_stack import PageStack, create_column
from desktop.ui.app.player_bindings import bind_player_actions
from desktop.ui.app.practice_bindings import bind_practice_actions, bind_sound_actions
from desktop.ui.app.song_importer import SongImporter, list_demo_songs
from desktop.ui.app.song_navigation import SongNavigation
from desktop.ui.app.sound_output import MasterMemory, follow_output_settings
from desktop.ui.app.stem_copier import StemCopier
from desktop.ui.app.stem_exporter import StemExporter
from desktop.ui.app.stem_importer import StemImporter
from desktop.ui.app.top_bar import TopBar
from desktop.ui.app.window_dialogs import WindowDialogs
from desktop.ui.core.action import ActionId
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.core.service_provider import ServiceProvider
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.library.controller import LibraryController
from desktop.ui.pages.library.covers import draw_cover
from desktop.ui.pages.library.empty_state import EmptyState
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.song_loader import SongStateStore
from desktop.ui.pages.player.transport_bar import TransportBar
from desktop.ui.widgets.accessibility import focus_next_control
from desktop.ui.widgets.file_drop import DropOverlay
from desktop.ui.widgets.main_splitter import MainSplitter
from desktop.ui.widgets.notices import NoticeStrip
from desktop.updates.feed_config import FeedConfig

MINIMUM_SIZE = (1024, 640)


class MainWindow(QMainWindow):
    """Main window with top bar, library, player and transport bar, or with the empty state below the top bar."""

    closing = Signal()
    """Emitted once, when the window closes and before it waits for its background threads."""
    batch_changed = Signal(object)
    """Emitted with the current BatchProgress, or None if there is no batch."""

    def __init__(
        self,
        service: ServiceProvider,
        feed: JobFeed,
        session: Session,
        model_store: ModelStore,
        home: Home,
        feed_config: FeedConfig | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Unbraid")
        self.setMinimumSize(*MINIMUM_SIZE)
        self._home = home
        self._settings_store = SettingsStore(home, self)
        self._shown_model = self.selected_model
        self._closed = False
        self.may_close: Callable[[], bool] = lambda: True
        """Called before the window closes; returning False keeps it open, and the callee handles the request."""
        self.notices = NoticeStrip()
        self.update_notice = UpdateNotice(feed_config, home, self._settings_store, self.notices, self)
        self.library = LibraryController(service, feed, model_store, home, self._settings_store, self.notices, self)
        self.player = PlayerController(session, SongStateStore(home), self)
        self._master_memory = MasterMemory(self.player.mix, self._settings_store, self)
        follow_output_settings(session, self._settings_store)
        self.dialogs = WindowDialogs(self, home, self._settings_store, self.update_notice, self.library, feed)
        self.exporter = StemExporter(service, self._settings_store, self.notices, feed, self.player.read_states, self)
        self._copier = StemCopier(self.notices, self)
        self.top_bar = TopBar()
        self.empty_state = EmptyState(has_demo=bool(list_demo_songs()))
        self._stem_importer = StemImporter(service, self._settings_store, self.library, self.notices, self)
        self._importer = SongImporter(
            self.library, self._settings_store, self.player, self.notices, self._stem_importer.add, self
        )
        self.job_view = JobView(self.library.proxy, self.library.covers)
        self.player_panel = PlayerPanel(self.player, home, partial(draw_cover, self.library.covers))
        self.player_panel.lyrics.set_wanted(self._settings_store.settings.lyrics)
        self.player_panel.lyrics.wanted_changed.connect(self._remember_lyrics)
        self.splitter = MainSplitter(self.job_view, self.player_panel)
        self._transport_bar = TransportBar(self.player)
        self.pages = PageStack(self.empty_state, (self.splitter, self._transport_bar))
        self.navigation = Navigation(
            self.pages, self.top_bar, self.splitter, self.job_view, self.player_panel, self._transport_bar, self
        )
        self._drop_overlay = DropOverlay(self)
        self._drop_overlay.files_dropped.connect(self._importer.add)
        self._build_layout()
        self.registry = ActionRegistry(self, self.navigation.jobs_in_view)
        self.navigation.player_open_changed.connect(self.registry.set_player_open)
        self._job_actions = JobActionHandler(self.job_view, self.library, self.player, self.registry, home, self)
        self._transport_bar.action_requested.connect(self.registry.run)
        self.library.covers.cover_loaded.connect(self.player_panel.page_header.cover.update)
        self.player.found_analysis.corrected.connect(self.library.set_song_tempo_and_key)
        feed.analysis_changed.connect(self.player.found_analysis.reload)
        self.player_panel.action_requested.connect(self._job_actions.run_action)
        self.player_panel.menu_requested.connect(self._job_actions.open_job_menu)
        feed.draft_extended.connect(self.player_panel.update_draft)
        self._event_notices = EventNotices(self.library, self.player, feed, self.notices, self)
        self._event_notices.search_requested.connect(self.top_bar.search_for)
        self._connect_signals()
        self._shown_song = ShownSong(self.library.table_model, self.job_view, self.player_panel, self)
        self._initial_selection = InitialSelection(self.job_view, self.library, self.player, self)
        self._bind_actions()
        self._settings_store.restore_window(self, self.splitter)
        self.pages.focus_loading_page()
        self.library.refresher.reload()
        self.library.load_models()
        ModelStoreWatcher(home, self).changed.connect(self.library.load_models)

    def _build_layout(self) -> None:
        central = QWidget()
        central.setLayout(create_column((self.top_bar, self.notices, self.pages), stretched=2))
        self.setCentralWidget(central)

    def _connect_signals(self) -> None:
        self.top_bar.add_requested.connect(self._importer.choose_files)
        self.top_bar.add_folder_requested.connect(self._importer.choose_folder)
        self.top_bar.open_stems_requested.connect(self._stem_importer.choose_files)
        self.top_bar.search_requested.connect(self.navigation.search)
        self.top_bar.model_selected.connect(self._select_model)
        self._settings_store.changed.connect(self._show_selected_model)
        self.top_bar.settings_requested.connect(self.dialogs.open_settings)
        self.top_bar.pause_requested.connect(self.library.commands.set_queue_paused)
        self.library.refresher.queue_paused_changed.connect(self.top_bar.set_paused)
        self.empty_state.card.add_requested.connect(self._importer.choose_files)
        self.empty_state.card.add_folder_requested.connect(self._importer.choose_folder)
        self.empty_state.card.open_stems_requested.connect(self._stem_importer.choose_files)
        self.empty_state.card.demo_requested.connect(self._importer.add_demo_song)
        self.player_panel.export_requested.connect(partial(self.registry.run, ActionId.EXPORT, ()))
        self.player_panel.partial_results.playhead_reported.connect(self.library.report_playhead)
        self.player_panel.partial_results.draft_requested.connect(self.library.request_draft)
        self.job_view.current_job_changed.connect(self.library.request_analysis)
        jobs = self.library.table_model
        self.library.activity.membership_changed.connect(self._update_batch)
        self.library.activity.progress_changed.connect(self._update_batch)
        self.library.refresher.loaded.connect(self._update_page)
        self.library.refresher.loaded.connect(self.player_panel.preload_modules, Qt.ConnectionType.SingleShotConnection)
        self.library.first_added.connect(self.top_bar.clear_search)
        self.library.models_changed.connect(self._update_models)
        self.library.song_requested.connect(self._select_job)
        self.library.removals.bin_requested.connect(self.dialogs.open_bin)
        self.library.removals.restored.connect(self._select_restored)
        jobs.rowsInserted.connect(self._update_page)
        jobs.rowsRemoved.connect(self._update_page)

    @property
    def home(self) -> Home:
        """Folder of the library."""
        return self._home

    @property
    def settings_store(self) -> SettingsStore:
        """Settings and saved window state."""
        return self._settings_store

    @property
    def selected_model(self) -> str:
        """Name of the model for new tracks."""
        return self._settings_store.settings.model

    def add_tracks(self, paths: Sequence[Path]) -> None:
        """Add files and folders at `paths` to the library."""
        self._importer.add_paths(paths)

    def open_from_client(self, paths: Sequence[Path]) -> None:
        """Bring the window to the front and add the files and folders that another process or macOS passed on."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()
        self.add_tracks(paths)

    def _bind_actions(self) -> None:
        actions, shown = self.registry, self.player_panel
        actions.bind(ActionId.ADD_SONGS, self._importer.choose_files)
        actions.bind(ActionId.ADD_FOLDER, self._importer.choose_folder)
        actions.bind(ActionId.OPEN_STEMS, self._stem_importer.choose_files)
        actions.bind(ActionId.PASTE, self._importer.paste)
        actions.bind_for_jobs(
            ActionId.EXPORT, lambda jobs: self.exporter.export(jobs or ([shown.job] if shown.job else []))
        )
        actions.bind_for_jobs(
            ActionId.COPY_STEMS, lambda jobs: self._copier.copy(jobs or ([shown.job] if shown.job else []))
        )
        actions.bind(ActionId.SEARCH, self.top_bar.search_field.start_search)
        actions.bind(ActionId.LEAVE, self.navigation.leave)
        actions.bind(ActionId.SHOW_LIBRARY, self.navigation.show_library)
        actions.bind(ActionId.SHOW_PLAYER, self.navigation.show_player)
        actions.bind(ActionId.PAUSE_OR_RESUME_QUEUE, self._click_pause_button)
        actions.bind(ActionId.SHOW_SHORTCUTS, self.dialogs.show_shortcuts)
        actions.bind(ActionId.SETTINGS, self.dialogs.open_settings)
        actions.bind(ActionId.OUTPUT_SETTINGS, lambda: self.dialogs.open_settings(Group.PLAYBACK))
        actions.bind(ActionId.QUIT, self.close)
        bind_player_actions(actions, self.player, self.player_panel)
        bind_practice_actions(actions, self.player)
        bind_sound_actions(actions, self.player, self)
        SongNavigation(self.job_view, self.library.proxy, self.player_panel, self.player).bind(actions)

    def _click_pause_button(self) -> None:
        """Pause or resume the queue, if the pause button is visible."""
        if self.top_bar.pause_button.isVisible():
            self.top_bar.pause_button.click()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802
        """Move the focus in visual order; Qt's own order is the order of creation."""
        return focus_next_control(self, next)

    def _update_page(self) -> None:
        self.navigation.update_songs(self.library.table_model.rowCount() > 0)

    def _select_job(self, job_id: str) -> None:
        self.navigation.show_library()
        self.top_bar.clear_search()
        self.job_view.select_job(job_id)
        self.job_view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _select_restored(self, jobs: Sequence[Job]) -> None:
        if not self.player.tracks.has_user_input:
            self.job_view.select_job(jobs[0].id)

    def _update_batch(self) -> None:
        batch = self.library.activity.batch
        self.top_bar.set_batch(batch)
        self.batch_changed.emit(batch)

    def _update_models(self, models: Sequence[Model]) -> None:
        self._shown_model = self.selected_model
        self.top_bar.set_models(models, self.selected_model)
        self.empty_state.card.set_models(models, self.selected_model)
        self.library.table_model.set_model_titles({model.name: model.title for model in models}, self.selected_model)
        self._job_actions.set_models(models, self.selected_model)

    def _select_model(self, name: str) -> None:
        self._settings_store.change(model=name)

    def _remember_lyrics(self, is_wanted: bool) -> None:
        self._settings_store.change(lyrics=is_wanted)

    def _show_selected_model(self) -> None:
        """Show the model for new tracks, if the user or another process has changed it."""
        if self._shown_model != self.selected_model:
            self._update_models(self.library.models)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._update_batch()  # the width decides how much of the batch the top bar shows

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save window state, stop background work and playback, unless `may_close` keeps the window open."""
        if not self._closed and not self.may_close():
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self.closing.emit()
            self._settings_store.save_window(self, self.splitter)
            self._master_memory.save()
            self.update_notice.close()
            self.exporter.close()
            self._stem_importer.close()
            self.player_panel.stop_reading()
            self.library.close()
            self.player.close()
        super().closeEvent(event)
