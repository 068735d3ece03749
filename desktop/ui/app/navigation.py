"""Navigation: which page the window shows, and where the focus goes when it changes."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.jobs.model import Job, JobState
from desktop.ui.app.page_stack import Page, PageStack
from desktop.ui.app.top_bar import TopBar
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.transport_bar import TransportBar
from desktop.ui.widgets.main_splitter import MainSplitter


class Navigation(QObject):
    """Shows the Library, with a small player below the table, or the Player, which gives a song the whole window."""

    player_open_changed = Signal(bool)
    """Whether the Player is shown now."""

    def __init__(
        self, pages: PageStack, top_bar: TopBar, splitter: MainSplitter, table: JobView, player: PlayerPanel,
        transport_bar: TransportBar, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._pages, self._top_bar, self._splitter = pages, top_bar, splitter
        self._table, self._player, self._transport_bar = table, player, transport_bar
        self._page = Page.LIBRARY
        top_bar.tabs.page_selected.connect(self._show_page_of_tab)
        top_bar.search_field.focus_results_requested.connect(self.show_library)
        table.job_opened.connect(self._open_song)

    @property
    def page(self) -> Page:
        """The page that is shown, or that is shown as soon as there are songs."""
        return self._page

    def show_library(self) -> None:
        """Show the Library, and move the focus to the table."""
        self._show_page(Page.LIBRARY)
        self.focus_table()
        self._table.scrollTo(self._table.currentIndex())

    def show_player(self) -> None:
        """Show the Player, and move the focus to its lanes, or to the message in their place."""
        if self._pages.shows_songs:
            self._show_page(Page.PLAYER)
            self._player.focus_content()

    def leave(self) -> None:
        """Leave the Player, or else clear the search, and move the focus to the table."""
        if self._page is Page.LIBRARY:
            self._top_bar.clear_search()
        self.show_library()

    def search(self, text: str) -> None:
        """Show the songs that match `text`; the player keeps its song, even if its row is filtered out."""
        if text and self._page is not Page.LIBRARY:
            self._show_page(Page.LIBRARY)
        self._table.search(text, self._player.job.id if self._player.job else None)

    def focus_table(self) -> None:
        """Move the focus to the table, or to the add button of the empty state if there are no songs."""
        self._initial_focus_widget().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def update_songs(self, has_songs: bool) -> None:
        """Show the songs, or the empty state if there are none."""
        if self._pages.show_library(has_songs):
            self._top_bar.set_add_buttons_visible(has_songs)
            self._show_page(Page.LIBRARY)
            if not self._top_bar.search_field.hasFocus():
                self._initial_focus_widget().setFocus(Qt.FocusReason.MouseFocusReason)

    def jobs_in_view(self) -> Sequence[Job]:
        """Return the jobs that a key applies to: the selected ones, or the one on the Player page."""
        if self._page is Page.LIBRARY:
            return self._table.selected_jobs()
        return [self._player.job] if self._player.job else []

    def _initial_focus_widget(self) -> QWidget:
        return self._table if self._pages.shows_songs else self._pages.empty_state.card.add_button

    def _show_page_of_tab(self, page: Page) -> None:
        """Show a page; the focus stays on its tab."""
        if self._pages.shows_songs:
            self._show_page(page)

    def _show_page(self, page: Page) -> None:
        is_player = page is Page.PLAYER
        if page is not self._page:
            self._page = page
            self._player.set_full_size(is_player)
            self._transport_bar.set_full_size(is_player)
            self._splitter.set_table_visible(not is_player)
            self.player_open_changed.emit(is_player)
        self._top_bar.show_page(page)

    def _open_song(self, job: Job) -> None:
        """Give a song the whole window; why it failed is told in a dialog."""
        if job.state is not JobState.FAILED:
            self.show_player()
