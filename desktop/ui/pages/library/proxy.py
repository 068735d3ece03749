"""Proxy model that sorts and searches the job table."""

from collections.abc import Iterable

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRegularExpression,
    QSortFilterProxyModel,
    Qt,
    Signal,
)

from desktop.jobs.model import Job
from desktop.ui.pages.library.columns import JOB_ROLE, QUEUE_ORDER_ROLE, SEARCH_ROLE, SORT_ROLE
from desktop.ui.pages.library.job_model import JobTableModel

NO_COLUMN = -1


class JobProxy(QSortFilterProxyModel):
    """Shows the rows that match a search, sorted in the library's own order or by a column."""

    times_left_changed = Signal()
    """The times left of all waiting jobs changed, in the same order as before; `dataChanged` is not emitted."""

    def __init__(self, table_model: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table_model = table_model
        self._hidden_ids: set[str] = set()
        self._is_searching = False
        self.setFilterRole(SEARCH_ROLE)
        self.setFilterKeyColumn(0)
        self.setSourceModel(table_model)
        table_model.times_left_changed.connect(self.times_left_changed)
        self.sort(NO_COLUMN)

    @property
    def is_searching(self) -> bool:
        """Whether a search filters the rows."""
        return self._is_searching

    def search(self, text: str) -> None:
        """Show only rows that contain every word of `text`; show all if it is empty."""
        self._is_searching = bool(text.split())
        words = (QRegularExpression.escape(word) for word in text.casefold().split())
        self.setFilterRegularExpression("^" + "".join(f"(?=.*{word})" for word in words))

    def hide_jobs(self, job_ids: Iterable[str]) -> None:
        """Hide the rows of these jobs."""
        self.beginFilterChange()
        self._hidden_ids.update(job_ids)
        self.endFilterChange()

    def unhide_jobs(self, job_ids: Iterable[str]) -> None:
        """Show the rows of these jobs again."""
        self.beginFilterChange()
        self._hidden_ids.difference_update(job_ids)
        self.endFilterChange()

    def is_listed(self, job_id: str) -> bool:
        """Return whether a job is neither hidden nor being removed, regardless of the search."""
        return job_id not in self._hidden_ids and not self._table_model.is_removing(job_id)

    @property
    def is_in_queue_order(self) -> bool:
        """Whether the table has the library's own order."""
        return self.sortRole() == QUEUE_ORDER_ROLE

    def job_at(self, index: QModelIndex | QPersistentModelIndex) -> Job | None:
        """Return the job at `index`, or None if the index is invalid."""
        job = index.data(JOB_ROLE) if index.isValid() else None
        return job if isinstance(job, Job) else None

    def index_of(self, job_id: str) -> QModelIndex:
        """Return the index of the first cell of a job's row; invalid if the row is not shown."""
        row = self._table_model.find_row(job_id)
        return QModelIndex() if row is None else self.mapFromSource(self._table_model.index(row, 0))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, or in the library's own order if `column` is `NO_COLUMN`."""
        self.setSortRole(QUEUE_ORDER_ROLE if column == NO_COLUMN else SORT_ROLE)
        super().sort(max(column, 0), order if column != NO_COLUMN else Qt.SortOrder.AscendingOrder)

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex | QPersistentModelIndex) -> bool:
        is_hidden = bool(self._hidden_ids) and self._table_model.job_at_row(source_row).id in self._hidden_ids
        return not is_hidden and super().filterAcceptsRow(source_row, source_parent)
