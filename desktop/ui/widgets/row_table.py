"""Behaviour that all tables share. Rows are selected whole and read-only."""

from PySide6.QtWidgets import QAbstractItemView, QTableView


def set_up_row_table(
    table: QTableView,
    row_height: int,
    selection_mode: QAbstractItemView.SelectionMode = QAbstractItemView.SelectionMode.ExtendedSelection,
) -> None:
    """Make `table` one of rows, `row_height` pixels high, without grid and row numbers; Tab leaves it."""
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(row_height)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(selection_mode)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
