"""What the pointer and the keyboard are on in the job table."""

from enum import Enum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.status import Link

Index = QModelIndex | QPersistentModelIndex
NOWHERE = -1


class Ring(Enum):
    """What the focus ring goes round."""

    NONE = "none"
    ROW = "row"
    CELL = "cell"


class RowPointer:
    """Kept by the view, read by its delegates."""

    def __init__(self) -> None:
        self.row = NOWHERE
        """The row below the pointer."""
        self.ring_row = NOWHERE
        """The row that has the focus ring, or one of its cells does."""
        self.ring_column = NOWHERE
        """The column of the cell that the keyboard is on."""
        self.link = Link.NONE
        """The link below the pointer."""
        self.action: JobAction | None = None
        """The button below the pointer."""

    def is_over(self, index: Index) -> bool:
        """True when the pointer is on the row of `index`."""
        return index.row() == self.row

    def ring_around(self, index: Index) -> Ring:
        """Return what the keyboard is on: in the first column the whole row, else the one cell."""
        if index.row() != self.ring_row:
            return Ring.NONE
        if self.ring_column == Column.TITLE:
            return Ring.ROW
        return Ring.CELL if index.column() == self.ring_column else Ring.NONE

    def link_under(self, index: Index) -> bool:
        """True when the pointer is on the link in the cell of `index`."""
        return self.is_over(index) and index.column() == Column.STATUS and self.link is not Link.NONE

    def button_under(self, index: Index) -> JobAction | None:
        """The button of the row of `index` that the pointer is on."""
        return self.action if self.is_over(index) else None
