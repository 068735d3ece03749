"""How the window is divided between the table of songs and the player."""

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from desktop.ui.theme import tokens

_LOW = 600
"""Below this height (pixels, table and player together) the lanes come first."""
_LOW_TABLE = tokens.HEADER_ROW + 3 * tokens.ROW
_SMALLEST_TABLE = tokens.HEADER_ROW + 2 * tokens.ROW
_SMALLEST_PLAYER = 264
"""A head, a ruler, and four compact lanes."""
_SHARE = 0.4
"""The table's part of a high window."""


class SongSplit(QSplitter):
    """The table above the player, both in view in every window. Where the user puts the border it stays."""

    def __init__(self, table: QWidget, player: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(table)
        self.addWidget(player)
        table.lower()  # the splitter puts each widget before those that were added before it
        self.handle(1).setAccessibleName("Border between songs and player")
        table.setMinimumHeight(_SMALLEST_TABLE)
        player.setMinimumHeight(_SMALLEST_PLAYER)
        self.setStretchFactor(0, 2)
        self.setStretchFactor(1, 3)
        self._by_hand = False
        self.splitterMoved.connect(self._note_hand)

    def state_by_hand(self) -> QByteArray:
        """Return where the user has put the border, empty when it was never moved."""
        return self.saveState() if self._by_hand else QByteArray()

    def restore(self, state: QByteArray) -> None:
        """Put the border where `state_by_hand` once found it."""
        self._by_hand = self.restoreState(state)

    def _note_hand(self) -> None:
        self._by_hand = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the height anew, unless the user has divided it."""
        super().resizeEvent(event)
        if not self._by_hand:
            height = self.height() - self.handleWidth()
            table = _LOW_TABLE if height < _LOW else round(_SHARE * height)
            self.setSizes([table, height - table])
