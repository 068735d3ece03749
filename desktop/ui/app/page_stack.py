"""Pages of the window: one while the library is opened, the empty state, and the songs with their player."""

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.pages.library.empty_state import EmptyState


class PageStack(QStackedWidget):
    """Shows one page. It begins with the loading page, as the library is read in the background."""

    def __init__(self, empty_state: EmptyState, songs: Sequence[QWidget]) -> None:
        """`songs` are the parts of the songs page, from top to bottom; the first stretches."""
        super().__init__()
        self._empty_state = empty_state
        self._songs_page = QWidget()
        self._songs_page.setLayout(create_column(songs, stretched=0))
        self._loading_page = QLabel()
        self._loading_page.setAccessibleName(tr("Opening the library"))
        for page in (self._loading_page, empty_state, self._songs_page):
            self.addWidget(page)

    def focus_loading_page(self) -> None:
        """Move the focus to the loading page: the search field would take the keys of the player."""
        self._loading_page.setFocus()

    def show_library(self, has_songs: bool) -> bool:
        """Show the songs, or the empty state. Return True if the page changed."""
        page = self._songs_page if has_songs else self._empty_state
        is_other = page is not self.currentWidget()
        self.setCurrentWidget(page)
        return is_other


def create_column(widgets: Sequence[QWidget], stretched: int) -> QVBoxLayout:
    """Return a layout of `widgets` from top to bottom, without gaps; the one at index `stretched` stretches."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    column.setStretch(stretched, 1)
    return column
