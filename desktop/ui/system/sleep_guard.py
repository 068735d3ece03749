"""Guard that keeps the computer awake while a job is being separated, if the setting allows it."""

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.system.sleep_inhibitors import SleepInhibitor

# Milliseconds from the end of a job to the release, so that the inhibitors stay acquired between two jobs.
_RELEASE_DELAY_MS = 5000
_log = logging.getLogger(__name__)


class SleepGuard(QObject):
    """Acquires the inhibitors while `activity` is processing and `is_enabled` returns True."""

    def __init__(
        self,
        activity: ActivityTracker,
        is_enabled: Callable[[], bool],
        inhibitors: Sequence[SleepInhibitor],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._activity = activity
        self._is_enabled = is_enabled
        self._inhibitors = inhibitors
        self.is_held = False
        self._release_timer = QTimer(self, interval=_RELEASE_DELAY_MS, singleShot=True)
        self._release_timer.timeout.connect(self.release)
        activity.membership_changed.connect(self._update_state)
        activity.progress_changed.connect(self._update_state)  # the setting may have changed

    def release(self) -> None:
        """Release the inhibitors, so that the computer may go to sleep."""
        self._release_timer.stop()
        if self.is_held:
            self.is_held = False
            for inhibitor in self._inhibitors:
                inhibitor.release()
            _log.info("Sleep inhibitors released")

    def _update_state(self) -> None:
        if self._activity.is_processing and self._is_enabled():
            self._release_timer.stop()
            if not self.is_held:
                self._acquire()
        elif self.is_held and not self._is_enabled():
            self.release()
        elif self.is_held and not self._release_timer.isActive():
            self._release_timer.start()

    def _acquire(self) -> None:
        self.is_held = True
        for inhibitor in self._inhibitors:
            inhibitor.acquire()
        _log.info("Sleep inhibitors acquired")
