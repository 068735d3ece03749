"""Model that the job table shows: the rows of JobTableModel, searched and sorted.

It takes the place of QSortFilterProxyModel, which calls Python for each row and each comparison.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from desktop.jobs.model import Job
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.row_order import RowOrder
from desktop.ui.pages.library.row_ranges import contiguous_ranges

Index = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()
_MAX_RANGES = 32
"""If rows are removed or inserted at more places than this, they are moved to the end and changed there in one step."""
_LAYOUT_SIGNATURE = ("QList<QPersistentModelIndex>", "QAbstractItemModel::LayoutChangeHint")
"""The overload of `layoutChanged` with a hint: without it, the selection would be kept cell by cell."""
_PREPARE_INTERVAL_MS, _PREPARED_ROWS = 20, 100
"""Search texts are computed in idle time, this many rows at a time, before the first search needs them."""


class JobProxy(QAbstractTableModel):
    """Shows the rows that match a search, sorted in the library's own order or by a column."""

    times_left_changed = Signal()
    """The times left of all waiting jobs changed, in the same order as before; `dataChanged` is not emitted."""

    def __init__(self, table_model: JobTableModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table_model = table_model
        self._order = RowOrder(table_model)
        self._ids: list[str] = []
        self._rows: dict[str, int] | None = {}
        self._prepare_timer = QTimer(self, interval=_PREPARE_INTERVAL_MS)
        self._prepare_timer.timeout.connect(self._prepare_search)
        table_model.rowsInserted.connect(self._on_rows_inserted)
        table_model.rowsAboutToBeRemoved.connect(self._on_rows_about_to_be_removed)
        table_model.dataChanged.connect(self._on_data_changed)
        table_model.times_left_changed.connect(self.times_left_changed)
        self._on_rows_inserted()

    @property
    def is_searching(self) -> bool:
        """Whether a search filters the rows."""
        return self._order.is_searching

    def search(self, text: str) -> None:
        """Show only rows that contain every word of `text`; show all if it is empty."""
        self._order.search(text)
        self._show(self._order.listed_ids())

    def hide_jobs(self, job_ids: Iterable[str]) -> None:
        """Hide the rows of these jobs."""
        self._order.hidden_ids.update(job_ids)
        self._show(self._order.listed_ids())

    def unhide_jobs(self, job_ids: Iterable[str]) -> None:
        """Show the rows of these jobs again."""
        self._order.hidden_ids.difference_update(job_ids)
        self._show(self._order.listed_ids())

    def is_listed(self, job_id: str) -> bool:
        """Return whether a job is neither hidden nor being removed, regardless of the search."""
        return job_id not in self._order.hidden_ids and not self._table_model.is_removing(job_id)

    @property
    def is_in_queue_order(self) -> bool:
        """Whether the table has the library's own order."""
        return self._order.is_queue_order

    def job_at(self, index: Index) -> Job | None:
        """Return the job at `index`, or None if the index is invalid."""
        return self._table_model.find_job(self._ids[index.row()]) if index.isValid() else None

    def index_of(self, job_id: str) -> QModelIndex:
        """Return the index of the first cell of a job's row; invalid if the row is not shown."""
        row = self._row_by_id().get(job_id)
        return QModelIndex() if row is None else self.index(row, 0)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, or in the library's own order if `column` is `NO_COLUMN`."""
        self._order.sort(column, order is Qt.SortOrder.DescendingOrder)
        self._show(self._order.listed_ids())

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return self._table_model.headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        job = self.job_at(index)
        return None if job is None else self._table_model.cell_data(job, index.column(), role)

    def _on_rows_inserted(self) -> None:
        self._show(self._order.listed_ids())
        self._prepare_timer.start()

    def _on_rows_about_to_be_removed(self, _: QModelIndex, first: int, last: int) -> None:
        removed_ids = {self._table_model.job_at_row(row).id for row in range(first, last + 1)}
        self._show([job_id for job_id in self._ids if job_id not in removed_ids])
        self._order.forget(removed_ids)

    def _on_data_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        changed_ids = self._table_model.job_ids[first.row() : last.row() + 1]
        if self._order.refresh(changed_ids, range(first.column(), last.column() + 1)):
            self._show(self._order.listed_ids())
        row_by_id = self._row_by_id()
        rows = [row_by_id[job_id] for job_id in changed_ids if job_id in row_by_id]
        if rows:
            self.dataChanged.emit(self.index(min(rows), first.column()), self.index(max(rows), last.column()))
        self._prepare_timer.start()

    def _row_by_id(self) -> dict[str, int]:
        if self._rows is None:
            self._rows = {job_id: row for row, job_id in enumerate(self._ids)}
        return self._rows

    def _prepare_search(self) -> None:
        if not self._order.prepare_search(_PREPARED_ROWS):
            self._prepare_timer.stop()

    def _show(self, ids: list[str]) -> None:
        """Show the jobs with these ids in this order: remove rows, then move rows, then insert rows."""
        if ids == self._ids:
            return
        wanted, shown = set(ids), set(self._ids)
        kept = [job_id for job_id in ids if job_id in shown]
        removed = contiguous_ranges([row for row, job_id in enumerate(self._ids) if job_id not in wanted])
        if len(removed) > _MAX_RANGES or [job_id for job_id in self._ids if job_id in wanted] != kept:
            self._rearrange([*kept, *(job_id for job_id in self._ids if job_id not in wanted)])
            removed = [(len(kept), len(self._ids) - 1)] if removed else []
        for first, last in reversed(removed):
            self._remove(first, last)
        added = contiguous_ranges([row for row, job_id in enumerate(ids) if job_id not in shown])
        if len(added) > _MAX_RANGES:
            self._insert(len(kept), [job_id for job_id in ids if job_id not in shown])
            self._rearrange(ids)
        else:
            for first, last in added:
                self._insert(first, ids[first : last + 1])

    def _remove(self, first: int, last: int) -> None:
        self.beginRemoveRows(_NO_PARENT, first, last)
        del self._ids[first : last + 1]
        self._rows = None
        self.endRemoveRows()

    def _insert(self, row: int, ids: Sequence[str]) -> None:
        self.beginInsertRows(_NO_PARENT, row, row + len(ids) - 1)
        self._ids[row:row] = ids
        self._rows = None
        self.endInsertRows()

    def _rearrange(self, ids: list[str]) -> None:
        """Put the rows into the order of `ids`; selection and current row stay with their jobs."""
        hint = self.LayoutChangeHint.VerticalSortHint
        self.layoutAboutToBeChanged[_LAYOUT_SIGNATURE].emit([], hint)  # pyright: ignore[reportIndexIssue]
        rows = {job_id: row for row, job_id in enumerate(ids)}
        before = self.persistentIndexList()
        after = [self.index(rows[self._ids[index.row()]], index.column()) for index in before]
        self._ids, self._rows = list(ids), rows
        self.changePersistentIndexList(before, after)
        self.layoutChanged[_LAYOUT_SIGNATURE].emit([], hint)  # pyright: ignore[reportIndexIssue]
