"""How wide the columns of the job table are: measured for 1440 pixels, shared out anew for every width."""

from collections.abc import Mapping

from desktop.ui.jobs.columns import Column

SMALLEST: Mapping[Column, int] = {
    Column.TITLE: 254,
    Column.LENGTH: 72,
    Column.MODEL: 132,
    Column.STATUS: 262,
    Column.LEFT: 78,
    Column.ADDED: 108,
    Column.ACTIONS: 102,
}
SHARES: Mapping[Column, float] = {
    Column.TITLE: 128,
    Column.LENGTH: 42,
    Column.MODEL: 130,
    Column.STATUS: 110,
    Column.LEFT: 22,
    Column.ADDED: 6,
    Column.ACTIONS: 0,
}
"""How the room beyond the smallest widths is divided."""


def widths(room: int) -> dict[Column, int]:
    """Return a width for every column; they add up to `room` where that is enough for all."""
    extra = max(0, room - sum(SMALLEST.values()))
    whole = sum(SHARES.values())
    fitted = {column: SMALLEST[column] + int(extra * SHARES[column] / whole) for column in SMALLEST}
    fitted[Column.STATUS] += max(0, room - sum(fitted.values()))
    return fitted
