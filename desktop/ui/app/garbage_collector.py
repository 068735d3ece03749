"""Garbage collection in the GUI thread only."""

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Replaces Python's automatic garbage collection while the process has a window.

    Python collects in the thread that happens to allocate. A widget in a reference cycle would be deleted in that
    thread while Qt paints it in the GUI thread, which crashes the process. So a timer collects in the GUI thread, with
    the thresholds and generations of the automatic collection (https://docs.python.org/3/library/gc.html).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def freeze_existing(self) -> None:
        """Exclude the existing objects, mostly modules, from collection: scanning them would take 70 ms each time."""
        gc.freeze()

    def collect_due(self) -> None:
        """Collect the oldest generation whose threshold is exceeded, together with all younger ones."""
        is_due_by_generation = [
            count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)
        ]
        if any(is_due_by_generation):
            gc.collect(max(generation for generation, is_due in enumerate(is_due_by_generation) if is_due))

    def close(self) -> None:
        """Stop the timer and re-enable automatic collection."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
