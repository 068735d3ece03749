"""Saving of a song's state: soon after each change, at once where nothing may be lost, and often while it plays."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from desktop.playback.song_state import SongState
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.player.song_loader import SongStateStore

SAVE_DELAY_MS = 500
"""Milliseconds from a change to its saving, together with the changes that follow it meanwhile."""
SAVE_INTERVAL_MS = 5000
"""Milliseconds between two savings while the playhead moves."""


class StateSaver(QObject):
    """Saves the state of the loaded track in the background."""

    def __init__(
        self,
        states: SongStateStore,
        background: BackgroundRunner,
        loaded_state: Callable[[], tuple[str, SongState] | None],
        parent: QObject,
    ) -> None:
        """`loaded_state` returns the job id and the state of the loaded track, or None if there is none."""
        super().__init__(parent)
        self._states, self._background, self._loaded_state = states, background, loaded_state
        self._timer = QTimer(self, interval=SAVE_DELAY_MS, singleShot=True)
        self._timer.timeout.connect(self.save_now)
        self._periodic_timer = QTimer(self)
        self._periodic_timer.timeout.connect(self.save_now)

    def save_soon(self) -> None:
        """Save within `SAVE_DELAY_MS`; a change that follows does not put it off."""
        if not self._timer.isActive():
            self._timer.start()

    def set_periodic(self, is_periodic: bool) -> None:
        """Save every `SAVE_INTERVAL_MS` from now on, because the playhead moves, or stop that."""
        if is_periodic:
            self._periodic_timer.start(SAVE_INTERVAL_MS)
        else:
            self._periodic_timer.stop()

    def save_now(self) -> None:
        """Save what is loaded now."""
        self._timer.stop()
        if (loaded := self._loaded_state()) is not None:
            job_id, state = loaded
            self._background.run(lambda: self._states.save(job_id, state))
