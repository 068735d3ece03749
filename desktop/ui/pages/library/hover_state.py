"""The cell, link and button under the pointer or the keyboard focus in the job table."""

from enum import Enum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from desktop.ui.core.action import ActionId
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.status import StatusLink

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = -1


class FocusRing(Enum):
    """What the focus ring surrounds."""

    NONE = "none"
    ROW = "row"
    CELL = "cell"


class HoverState:
    """Hover and focus of the job table, written by the view and read by its delegates."""

    def __init__(self) -> None:
        self.row = NO_INDEX
        """The row under the pointer."""
        self.focus_row = NO_INDEX
        """The row with keyboard focus."""
        self.focus_column = NO_INDEX
        """The column of the cell with keyboard focus."""
        self.link = StatusLink.NONE
        """The link under the pointer."""
        self.action: ActionId | None = None
        """The action of the button under the pointer."""

    def is_row_hovered(self, index: Index) -> bool:
        """Return True if the pointer is on the row of `index`."""
        return index.row() == self.row

    def focus_ring(self, index: Index) -> FocusRing:
        """Return the ring to draw at `index`: around the row if its first column has focus, else around one cell."""
        if index.row() != self.focus_row:
            return FocusRing.NONE
        if self.focus_column == Column.TITLE:
            return FocusRing.ROW
        return FocusRing.CELL if index.column() == self.focus_column else FocusRing.NONE

    def is_link_hovered(self, index: Index) -> bool:
        """Return True if the pointer is on the link in the cell of `index`."""
        return self.is_row_hovered(index) and index.column() == Column.STATUS and self.link is not StatusLink.NONE

    def hovered_action(self, index: Index) -> ActionId | None:
        """Return the action of the button under the pointer in the row of `index`, or None."""
        return self.action if self.is_row_hovered(index) else None
