"""Timer for values that stop changing: leases, progress of a run, idle workers."""

from time import monotonic

# Most seconds that count between two checks. If more have passed, the computer slept or this process was stopped, and
# the observed process may have been stopped, too.
_MAX_INTERVAL_S = 5.0


class StallTimer:
    """Counter of the seconds for which a value has stayed the same, advanced by each check.

    Uses the monotonic clock, so that changes of the system time do not count, nor does time without checks.
    """

    def __init__(self) -> None:
        self._value: object = None
        self._unchanged_s = 0.0
        self._last_check = monotonic()

    def seconds_unchanged(self, value: object) -> float:
        """Return for how many seconds `value` has stayed the same. Call it every few seconds."""
        now = monotonic()
        elapsed_s, self._last_check = min(now - self._last_check, _MAX_INTERVAL_S), now
        self._unchanged_s = self._unchanged_s + elapsed_s if value == self._value else 0.0
        self._value = value
        return self._unchanged_s
