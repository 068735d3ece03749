"""Splitter between the job table and the player."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.text.message import tr
from desktop.ui.theme import metrics

_LOW_HEIGHT = 600
"""Height of table and player together, in pixels, below which the lanes have priority."""
_LOW_TABLE_HEIGHT = metrics.HEADER_HEIGHT + 3 * metrics.ROW_HEIGHT
_MIN_TABLE_HEIGHT = metrics.HEADER_HEIGHT + 2 * metrics.ROW_HEIGHT
_MIN_PLAYER_HEIGHT = 264
"""Header, ruler, and four compact lanes, in pixels."""
_TABLE_FRACTION = 0.4
"""Fraction of a high window that the table takes."""


class MainSplitter(QSplitter):
    """Splitter with the table above the player, both always visible; keeps the user's position of the border."""

    def __init__(self, table: QWidget, player: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(table)
        self.addWidget(player)
        table.lower()  # the splitter stacks each widget above the ones added before it
        self.handle(1).setAccessibleName(tr("Border between songs and player"))
        table.setMinimumHeight(_MIN_TABLE_HEIGHT)
        player.setMinimumHeight(_MIN_PLAYER_HEIGHT)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 3)
        self._table = table
        self._is_moved_by_user = False
        self._state_with_table: QByteArray | None = None
        self.splitterMoved.connect(self._mark_moved_by_user)

    def save_user_state(self) -> QByteArray:
        """Return the splitter state, empty if the user never moved the border."""
        return (self._state_with_table or self.saveState()) if self._is_moved_by_user else QByteArray()

    def restore_user_state(self, state: QByteArray) -> None:
        """Restore a state from `save_user_state`."""
        self._is_moved_by_user = self.restoreState(state)

    def set_table_visible(self, visible: bool) -> None:
        """Show the table above the player, or the player alone."""
        if visible == (self._state_with_table is None):
            return
        if visible:
            state, self._state_with_table = self._state_with_table, None
            self._table.show()
            if state is not None:
                self.restoreState(state)
            self._divide_height()
        else:
            self._state_with_table = self.saveState()
            self._table.hide()

    def _mark_moved_by_user(self) -> None:
        self._is_moved_by_user = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the height again, unless the user has moved the border."""
        super().resizeEvent(event)
        self._divide_height()

    def _divide_height(self) -> None:
        if not self._is_moved_by_user and self._state_with_table is None:
            height = self.height() - self.handleWidth()
            table_height = _LOW_TABLE_HEIGHT if height < _LOW_HEIGHT else round(_TABLE_FRACTION * height)
            self.setSizes([table_height, height - table_height])
