"""The columns of the job table."""

from enum import IntEnum

from PySide6.QtCore import Qt


class Column(IntEnum):
    """What the table shows of a job, from left to right."""

    TITLE = 0
    ARTIST = 1
    """Shown below the title; a column of its own so that it can be sorted by."""
    LENGTH = 2
    MODEL = 3
    STATUS = 4
    LEFT = 5
    ADDED = 6
    ACTIONS = 7
    """The buttons of a row."""


HEADINGS = {
    Column.TITLE: "Song",
    Column.ARTIST: "Artist",
    Column.LENGTH: "Length",
    Column.MODEL: "Model",
    Column.STATUS: "Status",
    Column.LEFT: "Time left",
    Column.ADDED: "Added",
    Column.ACTIONS: "",
}

JOB_ROLE = Qt.ItemDataRole.UserRole
"""The Job itself."""
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
"""A key to sort the column by."""
STATUS_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Status of the job."""
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 3
"""All words of the row that a search looks at, case folded."""
PLACE_ROLE = Qt.ItemDataRole.UserRole + 4
"""A key for the library's own order."""
