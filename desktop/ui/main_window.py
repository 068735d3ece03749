"""The window: it places things, and passes on what they say."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from desktop.jobs.model import Job
from desktop.models.shelf import Model, Shelf
from desktop.paths import Home
from desktop.playback.transport import Transport
from desktop.ui.actions import bind_keys, key_list, window_keys
from desktop.ui.add_songs import AddSongs, demo_songs
from desktop.ui.dialogs.keys import KeyList
from desktop.ui.dialogs.removed_songs import RemovedSongs
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.drop import DropFrame, given_by, holds_tracks, leave_drops_to_the_window
from desktop.ui.empty_state import EmptyState
from desktop.ui.export import StemExport
from desktop.ui.job_feed import JobFeed
from desktop.ui.jobs.awaited_service import AwaitedService
from desktop.ui.jobs.first_choice import FirstChoice
from desktop.ui.jobs.library import Library
from desktop.ui.jobs.queue_times import BatchCount
from desktop.ui.jobs.view import JobView
from desktop.ui.messages import Messages
from desktop.ui.notices import NoticeStrip
from desktop.ui.plain import window_title
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.player_panel import PlayerPanel
from desktop.ui.player.sentences import last_computed
from desktop.ui.player.transport_bar import TransportBar
from desktop.ui.row_actions import RowActions
from desktop.ui.shelf_watch import ShelfWatch
from desktop.ui.song_split import SongSplit
from desktop.ui.tab_order import focus_next
from desktop.ui.top_bar import TopBar
from desktop.ui.update_notice import UpdateNotice
from desktop.ui.window_memory import WindowMemory
from desktop.updates.source import Source

if TYPE_CHECKING:
    from desktop.ui.dialogs.about import AboutDialog

SMALLEST = (1024, 640)


class MainWindow(QMainWindow):
    """Four zones: the top bar, the library, the player, the transport; or the empty state below the top bar."""

    closing = Signal()
    """The window closes for good, and waits next for what its threads are doing."""
    batch_changed = Signal(object)
    """The Batch as it stands now, None when nothing is to be done."""

    def __init__(
        self,
        service: AwaitedService,
        feed: JobFeed,
        transport: Transport,
        shelf: Shelf,
        home: Home,
        source: Source | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Unbraid")
        self.setMinimumSize(*SMALLEST)
        self.setAcceptDrops(True)
        self._home = home
        self._memory = WindowMemory(home)
        self._settings: SettingsDialog | None = None
        self._about: AboutDialog | None = None
        self._bin: RemovedSongs | None = None
        self._feed = feed
        self._batches = BatchCount()
        self._closed = False
        self.may_close: Callable[[], bool] = lambda: True
        """Asked before the window closes; whoever says no sees to what happens instead."""
        self.notices = NoticeStrip()
        self.updates = UpdateNotice(source, home, self._memory, self.notices, self)
        self.library = Library(service, feed, shelf, home, self.notices, self)
        self.player = PlayerController(transport, self)
        self.player.set_master_db(self._memory.settings.master_db)
        self.exporter = StemExport(service, self._memory, self.notices, self)
        self.top = TopBar()
        self.empty = EmptyState(demo=bool(demo_songs()))
        self._adding = AddSongs(self.library, self._memory, self.player, self.notices, self)
        self.table = JobView(self.library.proxy, self.library.covers)
        self.panel = PlayerPanel(self.player, home)
        self.splitter = SongSplit(self.table, self.panel)
        self.pages = QStackedWidget()
        self._opening = QLabel()
        self._drop_frame = DropFrame(self)
        self._arrange()
        self._rows = RowActions(self.table, self.library, self.player, self.exporter, home, self)
        self.panel.action_requested.connect(self._rows.do)
        self.panel.menu_requested.connect(self._rows.open_menu_of)
        feed.draft_grew.connect(self.panel.update_draft)
        self._messages = Messages(self.library, self.player, feed, self.notices, self)
        self._messages.show_asked.connect(self.top.search_for)
        self._connect()
        self._first_choice = FirstChoice(self.table, self.library, self.player, self)
        self._keys = window_keys(self, self.player)
        self.actions_by_name = bind_keys(self, self._keys)
        self._memory.restore(self, self.splitter)
        self._opening.setFocus()  # else the search would have it, and take the keys of the player
        self.library.refresher.reload()
        self.library.load_models()
        ShelfWatch(home, self).changed.connect(self.library.load_models)

    def _arrange(self) -> None:
        songs = QWidget()
        column = QVBoxLayout(songs)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.splitter, 1)
        column.addWidget(TransportBar(self.player))
        # The library is read in the background: until it is known whether there are songs, neither page is shown.
        self._opening.setAccessibleName("Opening the library")
        for page in (self._opening, self.empty, songs):
            self.pages.addWidget(page)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for widget in (self.top, self.notices, self.pages):
            rows.addWidget(widget)
        rows.setStretchFactor(self.pages, 1)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        self.top.add_asked.connect(self._adding.choose_files)
        self.top.add_folder_asked.connect(self._adding.choose_folder)
        self.top.searched.connect(self._search)
        self.top.search.left.connect(self._go_to_table)
        self.top.model_chosen.connect(self._choose_model)
        self.top.settings_asked.connect(self.open_settings)
        self.top.hold_asked.connect(self.library.commands.hold)
        self.library.refresher.paused.connect(self.top.show_paused)
        self.empty.card.add_asked.connect(self._adding.choose_files)
        self.empty.card.add_folder_asked.connect(self._adding.choose_folder)
        self.empty.card.demo_asked.connect(self._adding.try_demo)
        self.table.current_job.connect(self._show_job)
        self.panel.export_requested.connect(self._export_shown)
        self.panel.growing.listening.connect(self.library.listen)
        self.panel.growing.draft_wanted.connect(self.library.want_draft)
        jobs = self.library.jobs
        jobs.job_changed.connect(self._refresh_job)
        jobs.queue_changed.connect(self._show_queue)
        self.library.refresher.loaded.connect(self._show_page)
        self.library.refresher.loaded.connect(self.panel.warm_up, Qt.ConnectionType.SingleShotConnection)
        self.library.first_added.connect(self.top.clear_search)
        self.library.models_known.connect(self._show_models)
        self.library.song_asked.connect(self._go_to_song)
        self.library.removals.bin_asked.connect(self.open_bin)
        self.library.removals.restored.connect(self._choose_restored)
        jobs.rowsInserted.connect(self._show_page)
        jobs.rowsRemoved.connect(self._show_page)
        jobs.rowsRemoved.connect(self._forget_removed)

    @property
    def memory(self) -> WindowMemory:
        """The settings, and how the window stood."""
        return self._memory

    @property
    def model(self) -> str:
        """The model for the next songs."""
        return self._memory.settings.model

    def add_tracks(self, paths: Sequence[Path]) -> None:
        """Add files and folders to the library."""
        self._adding.add_paths(paths)

    def take_over(self, paths: Sequence[Path]) -> None:
        """Come to the front and add what a second start of the app was given."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()
        self.add_tracks(paths)

    def choose_files(self) -> None:
        """Open the dialog for files."""
        self._adding.choose_files()

    def choose_folder(self) -> None:
        """Open the dialog for a folder."""
        self._adding.choose_folder()

    def paste(self) -> None:
        """Add the files on the clipboard."""
        self._adding.paste()

    def remove_chosen(self) -> None:
        """Remove the chosen songs."""
        self.library.removals.remove(self.table.chosen())

    def export_chosen(self) -> None:
        """Export the stems of the selected songs, or of the song in the player where none is selected."""
        chosen = self.table.chosen()
        self.exporter.export(chosen or ([self.panel.job] if self.panel.job else []))

    def _export_shown(self) -> None:
        if self.panel.job is not None:
            self.exporter.export([self.panel.job])

    def move_earlier(self) -> None:
        """Let the chosen song run one place earlier."""
        self._rows.move_chosen(-1)

    def move_later(self) -> None:
        """Let the chosen song run one place later."""
        self._rows.move_chosen(1)

    def hold_chosen(self) -> None:
        """Pause the chosen songs, or let them go on."""
        self._rows.hold_chosen()

    def hold_queue(self) -> None:
        """Pause the queue, or let it go on."""
        if self.top.pause.isVisible():
            self.top.pause.click()

    def clear_finished(self) -> None:
        """Remove the songs that have ended."""
        self.library.removals.clear_finished()

    def undo_removal(self) -> None:
        """Restore the songs that were removed last."""
        self.library.removals.undo()

    def open_bin(self) -> None:
        """Open the list of removed songs, or bring it to the front."""
        if self._bin is None:
            self._bin = RemovedSongs(self.library.removals, self._feed, self)
        self._bin.come_forward()

    def go_to_search(self) -> None:
        """Go to the search."""
        self.top.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.top.search.selectAll()

    def leave_search(self) -> None:
        """Show every song again, and go back to the table."""
        self.top.clear_search()
        self._go_to_table()

    def zoom(self, step: int) -> None:
        """Show less of the song (1), more of it (-1), or all of it (0)."""
        waveforms = self.panel.waveforms
        if waveforms is not None:
            {1: waveforms.zoom_in, -1: waveforms.zoom_out, 0: waveforms.fit}[step]()

    def pan(self, pages: float) -> None:
        """Move the view along the song, by parts of what is in view."""
        waveforms = self.panel.waveforms
        if waveforms is not None:
            waveforms.box.pan(pages)

    def open_settings(self) -> None:
        """Open the settings, or bring them to the front."""
        if self._settings is None:
            self._settings = SettingsDialog(self._memory, self._home, self, updates=self.updates.offered)
            self._settings.about_asked.connect(self.open_about)
            self._settings.bin_asked.connect(self.open_bin)
        self._settings.come_forward(last_computed(self.library.jobs.jobs))

    def show_keys(self) -> None:
        """Show the list of all keys."""
        listed = KeyList(key_list(self._keys), self)
        listed.about_asked.connect(self.open_about)
        listed.show()

    def open_about(self) -> None:
        """Open the About page, or bring it to the front."""
        if self._about is None:
            # Imported when it is first wanted: the window's start needs none of it.
            from desktop.ui.dialogs.about import AboutDialog

            self._about = AboutDialog(self._home, self)
        self._about.come_forward()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802
        """Go to the next control as they are seen: Qt's own order is that in which they were made."""
        return focus_next(self, next)

    def _go_to_table(self) -> None:
        self._first_control().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _first_control(self) -> QWidget:
        """Return where the keyboard begins: the table, or the way to the first song."""
        return self.table if self.library.jobs.rowCount() else self.empty.card.add

    def _search(self, text: str) -> None:
        self.table.search(text, self.panel.job.id if self.panel.job else None)

    def _show_page(self) -> None:
        page = 2 if self.library.jobs.rowCount() else 1
        if page != self.pages.currentIndex():
            self.pages.setCurrentIndex(page)
            self.top.offer_adding(page == 2)
            if self.top.search is not self.focusWidget():
                self._first_control().setFocus(Qt.FocusReason.MouseFocusReason)

    def _show_job(self, job: Job | None) -> None:
        self.panel.show_job(job)
        self.setWindowTitle(window_title(f"{job.title} – Unbraid") if job else "Unbraid")
        leave_drops_to_the_window(self.panel)

    def _forget_removed(self) -> None:
        shown = self.panel.job
        if shown is not None and self.library.jobs.job(shown.id) is None:
            self.table.forget(shown.id)

    def _go_to_song(self, job_id: str) -> None:
        self.top.clear_search()
        self.table.choose(job_id)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_restored(self, jobs: Sequence[Job]) -> None:
        if not self.player.touched:
            self.table.choose(jobs[0].id)

    def _refresh_job(self, job: Job) -> None:
        shown = self.panel.job
        if shown is not None and shown.id == job.id:
            self.panel.show_job(job)

    def _show_queue(self) -> None:
        jobs = self.library.jobs
        batch = self._batches.of(jobs.jobs, jobs.active, jobs.left)
        self.top.show_batch(batch)
        self.batch_changed.emit(batch)

    def _show_models(self, models: Sequence[Model]) -> None:
        self.top.show_models(models, self.model)
        self.empty.card.show_models(models, self.model)
        self.library.jobs.name_models({model.name: model.title for model in models}, self.model)
        self._rows.know_models(models, self.model)

    def _choose_model(self, name: str) -> None:
        self._memory.change(model=name)
        self._show_models(self.library.models)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say of the queue what there is room for."""
        super().resizeEvent(event)
        self._show_queue()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, from wherever they come."""
        if holds_tracks(event.mimeData()):
            _take(event)
            self._drop_frame.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Put the frame away."""
        self._drop_frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        self._drop_frame.hide()
        _take(event)
        self._adding.add(given_by(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, end what was begun, and be quiet."""
        if not self._closed and not self.may_close():
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self.closing.emit()
            self._memory.keep(self, self.splitter, self.player.master_db)
            self.updates.close()
            self.exporter.close()
            self.panel.end_reading()
            self.library.close()
            self.player.close()
        super().closeEvent(event)


def _take(event: QDropEvent) -> None:
    """Take a drop as a copy, whatever else it offers: the user's files stay where they are."""
    if event.possibleActions() & Qt.DropAction.CopyAction:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
    else:
        event.acceptProposedAction()
