"""What the pointer and the keyboard are on in the job table."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

from desktop.ui.jobs.buttons import JobAction
from desktop.ui.jobs.columns import Column
from desktop.ui.jobs.status import Link

Index = QModelIndex | QPersistentModelIndex
NOWHERE = -1


class RowPointer:
    """Kept by the view, read by its delegates."""

    def __init__(self) -> None:
        self.row = NOWHERE
        """The row below the pointer."""
        self.ring_row = NOWHERE
        """The row that has the ring of focus."""
        self.link = Link.NONE
        """The link below the pointer."""
        self.action: JobAction | None = None
        """The button below the pointer."""

    def is_over(self, index: Index) -> bool:
        """True when the pointer is on the row of `index`."""
        return index.row() == self.row

    def has_ring(self, index: Index) -> bool:
        """True when the keyboard is on the row of `index`."""
        return index.row() == self.ring_row

    def link_under(self, index: Index) -> bool:
        """True when the pointer is on the link in the cell of `index`."""
        return self.is_over(index) and index.column() == Column.STATUS and self.link is not Link.NONE

    def button_under(self, index: Index) -> JobAction | None:
        """The button of the row of `index` that the pointer is on."""
        return self.action if self.is_over(index) else None
