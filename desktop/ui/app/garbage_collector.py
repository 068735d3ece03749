"""Garbage is collected in the window's thread alone."""

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Takes the place of Python's automatic collection for as long as the process has a window.

    Python collects in whatever thread happens to allocate. A widget that hangs in a cycle of references would die there,
    while Qt paints it in the window's thread: the process crashes. So it is collected here, by a timer, with the
    thresholds and generations of the automatic collection (https://docs.python.org/3/library/gc.html).
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_INTERVAL_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def freeze_existing(self) -> None:
        """What is here by now, modules above all, stays: looking through it again would take 70 ms each time."""
        gc.freeze()

    def collect_due(self) -> None:
        """Collect the oldest generation that is due, and with it the younger ones."""
        is_due_by_generation = [
            count > limit > 0 for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)
        ]
        if any(is_due_by_generation):
            gc.collect(max(generation for generation, is_due in enumerate(is_due_by_generation) if is_due))

    def close(self) -> None:
        """Give the collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
