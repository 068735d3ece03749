"""Columns, data roles and column widths of the job table."""

from collections.abc import Mapping
from enum import IntEnum

from PySide6.QtCore import Qt

from desktop.text.message import Message


class Column(IntEnum):
    """A column of the job table; the values run from left to right."""

    TITLE = 0
    ARTIST = 1
    """Hidden, drawn below the title; a separate column so that the table can be sorted by artist."""
    LENGTH = 2
    TEMPO = 3
    KEY = 4
    MODEL = 5
    STATUS = 6
    TIME_LEFT = 7
    ADDED = 8
    ACTIONS = 9
    """The buttons of a row."""


HEADINGS = {
    Column.TITLE: Message("Song"),
    Column.ARTIST: Message("Artist"),
    Column.LENGTH: Message("Length"),
    Column.TEMPO: Message("Tempo"),
    Column.KEY: Message("Key"),
    Column.MODEL: Message("Model"),
    Column.STATUS: Message("Status"),
    Column.TIME_LEFT: Message("Time left"),
    Column.ADDED: Message("Added"),
}
"""Headings of the columns that have one."""
SORT_TEXTS = {
    Column.TITLE: Message("By song"),
    Column.ARTIST: Message("By artist"),
    Column.LENGTH: Message("By length"),
    Column.TEMPO: Message("By tempo"),
    Column.KEY: Message("By key"),
    Column.MODEL: Message("By model"),
    Column.STATUS: Message("By status"),
    Column.TIME_LEFT: Message("By time left"),
    Column.ADDED: Message("By added"),
}
"""Texts of the menu that sorts, for the columns that it can sort by."""

JOB_ROLE = Qt.ItemDataRole.UserRole
"""The Job of the row."""
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Status of the job."""

QUEUE_COLUMNS = (Column.STATUS, Column.TIME_LEFT)
"""First and last of the adjacent columns whose texts depend on a job's place in the queue."""

OPTIONAL_COLUMNS = (Column.TEMPO, Column.KEY)
"""Columns that are hidden together where they do not fit."""
# Without the optional columns at most 1012 px (now 1008): the smallest window's 1024, less 12 for the scroll bar.
MIN_WIDTHS_PX: Mapping[Column, int] = {
    Column.TITLE: 254,
    Column.LENGTH: 72,
    Column.TEMPO: 74,
    Column.KEY: 104,
    Column.MODEL: 132,
    Column.STATUS: 262,
    Column.TIME_LEFT: 78,
    Column.ADDED: 108,
    Column.ACTIONS: 102,
}
STRETCH_FACTORS: Mapping[Column, float] = {
    Column.TITLE: 128,
    Column.LENGTH: 42,
    Column.TEMPO: 20,
    Column.KEY: 30,
    Column.MODEL: 130,
    Column.STATUS: 110,
    Column.TIME_LEFT: 22,
    Column.ADDED: 6,
    Column.ACTIONS: 0,
}
"""Shares of the width that exceeds the minimum widths."""


def fit_columns(available_px: int) -> dict[Column, int]:
    """Return the width of each shown column in pixels; those of `OPTIONAL_COLUMNS` are missing if they do not fit.

    The sum is `available_px`, or the sum of the minimum widths if that is larger.
    """
    fits_all = sum(MIN_WIDTHS_PX.values()) <= available_px
    shown = [column for column in MIN_WIDTHS_PX if fits_all or column not in OPTIONAL_COLUMNS]
    extra_px = max(0, available_px - sum(MIN_WIDTHS_PX[column] for column in shown))
    total_stretch = sum(STRETCH_FACTORS[column] for column in shown)
    widths_px = {
        column: MIN_WIDTHS_PX[column] + int(extra_px * STRETCH_FACTORS[column] / total_stretch) for column in shown
    }
    widths_px[Column.STATUS] += max(0, available_px - sum(widths_px.values()))
    return widths_px
