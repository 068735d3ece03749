"""Keeps the computer awake while a song is separated, if the user wants that."""

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from desktop.ui.system.activity import ActivityTracker
from desktop.ui.system.sleep_inhibitors import SleepInhibitor

# From one song to the next it is not given back and taken again (milliseconds).
_RELEASE_DELAY_MS = 5000
_log = logging.getLogger(__name__)


class SleepGuard(QObject):
    """Follows the work."""

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
        activity.changed.connect(self._update_state)

    def release(self) -> None:
        """Let the computer sleep when it likes."""
        self._release_timer.stop()
        if self.is_held:
            self.is_held = False
            for keeper in self._inhibitors:
                keeper.release()
            _log.info("The computer may go to sleep again")

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
        for keeper in self._inhibitors:
            keeper.acquire()
        _log.info("The computer is kept awake")
