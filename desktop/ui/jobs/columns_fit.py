"""How wide the columns of the job table are: measured for 1440 pixels, shared out anew for every width."""

from collections.abc import Mapping

from desktop.ui.jobs.columns import Column

SMALLEST: Mapping[Column, int] = {
    Column.TITLE: 250,
    Column.LENGTH: 78,
    Column.MODEL: 150,
    Column.STATUS: 270,
    Column.LEFT: 82,
    Column.ADDED: 100,
    Column.ACTIONS: 78,
}
SHARES: Mapping[Column, float] = {
    Column.TITLE: 170,
    Column.LENGTH: 36,
    Column.MODEL: 90,
    Column.STATUS: 116,
    Column.LEFT: 14,
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
