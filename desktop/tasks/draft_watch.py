"""Look-out for drafts that wait, for the other work of the draft worker."""

from time import monotonic

from desktop.tasks.queue import CeleryQueue

# Seconds between two looks whether a draft waits.
_GLANCE_INTERVAL_S = 0.5


class DraftWatch:
    """Tells whether a draft waits, which a user waits for: then an analysis or an export steps aside."""

    def __init__(self) -> None:
        self._queue = CeleryQueue()
        self._looked_at = 0.0

    def __call__(self) -> bool:
        if monotonic() - self._looked_at < _GLANCE_INTERVAL_S:
            return False
        self._looked_at = monotonic()
        return self._queue.has_waiting_drafts()
