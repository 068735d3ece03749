"""Pages of the window: the loading page, the empty state, the Library and the Player, with tabs for the last two."""

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QTabBar, QToolButton, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.pages.library.empty_state import EmptyState


class Page(Enum):
    """Page with a tab; its value is the action that shows it."""

    LIBRARY = ActionId.SHOW_LIBRARY
    PLAYER = ActionId.SHOW_PLAYER


class PageTabs(QTabBar):
    """Tab of each page; arrow keys choose one."""

    page_selected = Signal(object)
    """The Page that the user chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Pages"))
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        for button in self.findChildren(QToolButton):  # Qt creates them in English, and never shows them here
            button.setAccessibleName(tr("More pages"))
        for number, page in enumerate(Page):
            action = ACTIONS[page.value]
            self.addTab(action.text)
            self.setTabToolTip(number, action.tooltip())
        self.currentChanged.connect(self._emit_page)

    def _emit_page(self, number: int) -> None:
        self.page_selected.emit(list(Page)[number])

    def show_page(self, page: Page) -> None:
        """Choose the tab of `page` without emitting it."""
        blocked = self.blockSignals(True)
        self.setCurrentIndex(list(Page).index(page))
        self.blockSignals(blocked)


class PageStack(QStackedWidget):
    """Shows one page. It begins with the loading page, as the library is read in the background.

    The Library and the Player are one widget of the stack: the table is hidden on the Player page. So the lanes stay
    where they are, with their zoom and playhead, and nothing is created or moved when the page changes.
    """

    def __init__(self, empty_state: EmptyState, songs: Sequence[QWidget]) -> None:
        """`songs` are the parts of Library and Player, from top to bottom; the first stretches."""
        super().__init__()
        self.empty_state = empty_state
        self._songs_page = QWidget()
        self._songs_page.setLayout(create_column(songs, stretched=0))
        self._loading_page = QLabel()
        self._loading_page.setAccessibleName(tr("Opening the library"))
        for page in (self._loading_page, empty_state, self._songs_page):
            self.addWidget(page)

    @property
    def shows_songs(self) -> bool:
        """Whether the library has songs, and is read."""
        return self.currentWidget() is self._songs_page

    def focus_loading_page(self) -> None:
        """Move the focus to the loading page: the search field would take the keys of the player."""
        self._loading_page.setFocus()

    def show_library(self, has_songs: bool) -> bool:
        """Show the songs, or the empty state. Return True if the page changed."""
        page = self._songs_page if has_songs else self.empty_state
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
