"""How the window is divided between the table of songs and the player."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.ui.theme import tokens

_LOW_HEIGHT = 600
"""Below this height (pixels, table and player together) the lanes come first."""
_LOW_TABLE_HEIGHT = tokens.HEADER_HEIGHT + 3 * tokens.ROW_HEIGHT
_MIN_TABLE_HEIGHT = tokens.HEADER_HEIGHT + 2 * tokens.ROW_HEIGHT
_MIN_PLAYER_HEIGHT = 264
"""A head, a ruler, and four compact lanes."""
_TABLE_FRACTION = 0.4
"""The table's part of a high window."""


class MainSplitter(QSplitter):
    """The table above the player, both in view in every window. Where the user puts the border it stays."""

    def __init__(self, table: QWidget, player: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(table)
        self.addWidget(player)
        table.lower()  # the splitter puts each widget before those that were added before it
        self.handle(1).setAccessibleName("Border between songs and player")
        table.setMinimumHeight(_MIN_TABLE_HEIGHT)
        player.setMinimumHeight(_MIN_PLAYER_HEIGHT)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 3)
        self._is_moved_by_user = False
        self.splitterMoved.connect(self._mark_moved_by_user)

    def save_user_state(self) -> QByteArray:
        """Return where the user has put the border, empty when it was never moved."""
        return self.saveState() if self._is_moved_by_user else QByteArray()

    def restore_user_state(self, state: QByteArray) -> None:
        """Put the border where `save_user_state` once found it."""
        self._is_moved_by_user = self.restoreState(state)

    def _mark_moved_by_user(self) -> None:
        self._is_moved_by_user = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the height anew, unless the user has divided it."""
        super().resizeEvent(event)
        if not self._is_moved_by_user:
            height = self.height() - self.handleWidth()
            table_height = _LOW_TABLE_HEIGHT if height < _LOW_HEIGHT else round(_TABLE_FRACTION * height)
            self.setSizes([table_height, height - table_height])
