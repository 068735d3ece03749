"""Keeps the computer awake while a song is separated, if the user wants that."""

import logging
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from desktop.ui.system.keepers import Keeper
from desktop.ui.system.work import Work

# From one song to the next it is not given back and taken again (milliseconds).
_REST_MS = 5000
_log = logging.getLogger(__name__)


class Awake(QObject):
    """Follows the work."""

    def __init__(
        self, work: Work, wanted: Callable[[], bool], keepers: Sequence[Keeper], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._wanted = wanted
        self._keepers = keepers
        self.held = False
        self._rest = QTimer(self, interval=_REST_MS, singleShot=True)
        self._rest.timeout.connect(self.give_back)
        work.changed.connect(self._look)

    def give_back(self) -> None:
        """Let the computer sleep when it likes."""
        self._rest.stop()
        if self.held:
            self.held = False
            for keeper in self._keepers:
                keeper.give_back()
            _log.info("The computer may go to sleep again")

    def _look(self) -> None:
        if self._work.running and self._wanted():
            self._rest.stop()
            if not self.held:
                self._take()
        elif self.held and not self._wanted():
            self.give_back()
        elif self.held and not self._rest.isActive():
            self._rest.start()

    def _take(self) -> None:
        self.held = True
        for keeper in self._keepers:
            keeper.take()
        _log.info("The computer is kept awake")
