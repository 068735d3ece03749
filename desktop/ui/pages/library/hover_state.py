"""What the pointer and the keyboard are on in the job table."""

from enum import Enum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from desktop.ui.core.job_actions import JobAction
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.status import StatusLink

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = -1


class FocusRing(Enum):
    """What the focus ring goes round."""

    NONE = "none"
    ROW = "row"
    CELL = "cell"


class HoverState:
    """Kept by the view, read by its delegates."""

    def __init__(self) -> None:
        self.row = NO_INDEX
        """The row below the pointer."""
        self.focus_row = NO_INDEX
        """The row that has the focus ring, or one of its cells does."""
        self.focus_column = NO_INDEX
        """The column of the cell that the keyboard is on."""
        self.link = StatusLink.NONE
        """The link below the pointer."""
        self.action: JobAction | None = None
        """The button below the pointer."""

    def is_row_hovered(self, index: Index) -> bool:
        """True when the pointer is on the row of `index`."""
        return index.row() == self.row

    def focus_ring(self, index: Index) -> FocusRing:
        """Return what the keyboard is on: in the first column the whole row, else the one cell."""
        if index.row() != self.focus_row:
            return FocusRing.NONE
        if self.focus_column == Column.TITLE:
            return FocusRing.ROW
        return FocusRing.CELL if index.column() == self.focus_column else FocusRing.NONE

    def is_link_hovered(self, index: Index) -> bool:
        """True when the pointer is on the link in the cell of `index`."""
        return self.is_row_hovered(index) and index.column() == Column.STATUS and self.link is not StatusLink.NONE

    def hovered_action(self, index: Index) -> JobAction | None:
        """The button of the row of `index` that the pointer is on."""
        return self.action if self.is_row_hovered(index) else None
