"""Tempo and first beat from taps in time with the song."""

from typing import NamedTuple

MAX_GAP_S = 3.0
"""Seconds without a tap after which the next one begins anew: the slowest tempo is 20 beats per minute."""
_MIN_TAPS = 3
_MAX_TAPS = 64


class Beat(NamedTuple):
    """Constant tempo, and the time of its first beat in the song."""

    bpm: float
    first_beat_s: float


class TempoTaps:
    """Collects taps, and fits a constant tempo to them."""

    def __init__(self) -> None:
        self._times: list[float] = []

    @property
    def count(self) -> int:
        """Number of taps so far."""
        return len(self._times)

    def tap(self, second: float) -> Beat | None:
        """Add a tap at a time in seconds; return the tempo of the taps so far, or None if there are too few.

        A tap that is earlier than the last one, or `MAX_GAP_S` later, begins anew.
        """
        if self._times and not 0 < second - self._times[-1] <= MAX_GAP_S:
            self._times.clear()
        self._times = [*self._times, second][-_MAX_TAPS:]
        return self._fit() if len(self._times) >= _MIN_TAPS else None

    def _fit(self) -> Beat:
        """Return the line through tap numbers and times with the least squared error."""
        count = len(self._times)
        mean_number, mean_time = (count - 1) / 2, sum(self._times) / count
        covariance = sum((number - mean_number) * time for number, time in enumerate(self._times))
        period = covariance * 12 / (count * (count**2 - 1))
        first = mean_time - mean_number * period
        return Beat(60.0 / period, first % period)
