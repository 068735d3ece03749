"""How long nothing has changed: what leases, standstills and stuck workers are told by."""

from time import monotonic

# Seconds between two looks that count at most. Beyond that the computer slept or this process was stopped, and so may
# have been what it looks at.
_MOST_COUNTED = 5.0


class ChangeWatch:
    """Counts the seconds for which a value has stayed the same, from look to look.

    No clock of the day is read, so none that jumps counts, and neither does the time in which nobody could look.
    """

    def __init__(self) -> None:
        self._value: object = None
        self._unchanged = 0.0
        self._looked = monotonic()

    def unchanged(self, value: object) -> float:
        """Return for how many seconds the value has been this one. To be asked every few seconds."""
        now = monotonic()
        passed, self._looked = min(now - self._looked, _MOST_COUNTED), now
        self._unchanged = self._unchanged + passed if value == self._value else 0.0
        self._value = value
        return self._unchanged
