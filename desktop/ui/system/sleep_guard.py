"""Guard that keeps the computer or its screen awake while it is needed, if the setting allows it."""

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, SignalInstance

from desktop.ui.system.sleep_inhibitors import SleepInhibitor

# Milliseconds from the end of a need to the release, so that the inhibitors stay acquired between two jobs or songs.
_RELEASE_DELAY_MS = 5000
_log = logging.getLogger(__name__)


class SleepGuard(QObject):
    """Acquires the inhibitors while both `is_needed` and `is_enabled` return True."""

    def __init__(
        self,
        is_needed: Callable[[], bool],
        is_enabled: Callable[[], bool],
        inhibitors: Sequence[SleepInhibitor],
        signals: Sequence[SignalInstance],
        parent: QObject | None = None,
    ) -> None:
        """`signals` are emitted when the need or the setting may have changed."""
        super().__init__(parent)
        self._is_needed = is_needed
        self._is_enabled = is_enabled
        self._inhibitors = inhibitors
        self.is_held = False
        self._release_timer = QTimer(self, interval=_RELEASE_DELAY_MS, singleShot=True)
        self._release_timer.timeout.connect(self.release)
        for signal in signals:
            signal.connect(self._update_state)

    def release(self) -> None:
        """Release the inhibitors, so that the computer may go to sleep."""
        self._release_timer.stop()
        if self.is_held:
            self.is_held = False
            for inhibitor in self._inhibitors:
                inhibitor.release()
            _log.info("Sleep inhibitors released")

    def _update_state(self) -> None:
        if self._is_needed() and self._is_enabled():
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
