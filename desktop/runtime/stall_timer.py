"""How long nothing has changed: what leases, standstills and stuck workers are told by."""

from time import monotonic

# Seconds between two looks that count at most. Beyond that the computer slept or this process was stopped, and so may
# have been what it looks at.
_MAX_INTERVAL_S = 5.0


class StallTimer:
    """Counts the seconds for which a value has stayed the same, from look to look.

    No clock of the day is read, so none that jumps counts, and neither does the time in which nobody could look.
    """

    def __init__(self) -> None:
        self._value: object = None
        self._unchanged_s = 0.0
        self._last_check = monotonic()

    def seconds_unchanged(self, value: object) -> float:
        """Return for how many seconds the value has been this one. To be asked every few seconds."""
        now = monotonic()
        elapsed_s, self._last_check = min(now - self._last_check, _MAX_INTERVAL_S), now
        self._unchanged_s = self._unchanged_s + elapsed_s if value == self._value else 0.0
        self._value = value
        return self._unchanged_s
