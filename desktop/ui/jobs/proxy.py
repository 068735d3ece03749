"""The job table sorted and searched."""

from collections.abc import Iterable

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRegularExpression,
    QSortFilterProxyModel,
    Qt,
)

from desktop.jobs.model import Job
from desktop.ui.jobs.columns import JOB_ROLE, PLACE_ROLE, SEARCH_ROLE, SORT_ROLE
from desktop.ui.jobs.job_model import JobTableModel

NO_COLUMN = -1


class JobProxy(QSortFilterProxyModel):
    """Shows the rows that match a search, in the library's own order or by a column."""

    def __init__(self, jobs: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._hidden: set[str] = set()
        self._searching = False
        self.setFilterRole(SEARCH_ROLE)
        self.setFilterKeyColumn(0)
        self.setSourceModel(jobs)
        self.sort(NO_COLUMN)

    @property
    def searching(self) -> bool:
        """True while a search leaves rows out."""
        return self._searching

    def search(self, text: str) -> None:
        """Show only rows that hold every word of `text`."""
        self._searching = bool(text.split())
        words = (QRegularExpression.escape(word) for word in text.casefold().split())
        self.setFilterRegularExpression("^" + "".join(f"(?=.*{word})" for word in words))

    def hide(self, job_ids: Iterable[str]) -> None:
        """Leave these rows out."""
        self.beginFilterChange()
        self._hidden.update(job_ids)
        self.endFilterChange()

    def unhide(self, job_ids: Iterable[str]) -> None:
        """Show these rows again."""
        self.beginFilterChange()
        self._hidden.difference_update(job_ids)
        self.endFilterChange()

    def has(self, job_id: str) -> bool:
        """Return False for a row that is hidden or being removed, whatever the search shows."""
        return job_id not in self._hidden and not self._jobs.is_leaving(job_id)

    @property
    def in_own_order(self) -> bool:
        """True while the table is sorted by no column."""
        return self.sortRole() == PLACE_ROLE

    def job_at(self, index: QModelIndex | QPersistentModelIndex) -> Job | None:
        """The job of a row, None outside all rows."""
        job = index.data(JOB_ROLE) if index.isValid() else None
        return job if isinstance(job, Job) else None

    def index_of(self, job_id: str) -> QModelIndex:
        """The first cell of a job's row; invalid while it is not shown."""
        row = self._jobs.row(job_id)
        return QModelIndex() if row is None else self.mapFromSource(self._jobs.index(row, 0))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; by none: the library's own order."""
        self.setSortRole(PLACE_ROLE if column == NO_COLUMN else SORT_ROLE)
        super().sort(max(column, 0), order if column != NO_COLUMN else Qt.SortOrder.AscendingOrder)

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        """True for a row that is not hidden and that matches."""
        hidden = bool(self._hidden) and self._jobs.job_in(source_row).id in self._hidden
        return not hidden and super().filterAcceptsRow(source_row, source_parent)
