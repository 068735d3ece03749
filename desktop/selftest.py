"""`unbraid selftest`: the way of a song through the real window, on a library of its own that is deleted afterwards.

For whoever has made or installed a package, and for whoever wants to know whether Unbraid works here.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop.display import display_available
from desktop.errors import SoundUnavailableError
from desktop.gui import main as run_window
from desktop.jobs.model import Job, JobState
from desktop.paths import resources
from desktop.playback.device import default_device

if TYPE_CHECKING:
    from desktop.ui.main_window import MainWindow

# Seconds until it must be through, on a slow machine.
_PATIENCE = 300.0
_GLANCE_MS = 50
# Seconds of the demo song that are played.
_LISTEN = 2.0
_MODEL = "sketch"


def main() -> int:
    """Open the window, separate the demo song with Sketch, play its stems, quit. Prints one JSON object.

    Without a display the window is drawn in memory. Returns 0 when everything went well, else 1.
    """
    if not display_available():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with TemporaryDirectory(prefix="unbraid-selftest-", ignore_cleanup_errors=True) as library:
        os.environ["UNBRAID_HOME"] = library
        visit = Visit()
        status = run_window([], visit.begin)
    if sys.stdout:
        sys.stdout.write(json.dumps(visit.found) + "\n")
    return status or (0 if visit.found["well"] else 1)


class Visit(QObject):
    """Goes through the window as a musician would."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, bool | float | str] = {"well": False}
        self._began = monotonic()
        self._window: MainWindow | None = None
        self._glance = QTimer(self, interval=_GLANCE_MS)
        self._glance.timeout.connect(self._look)

    def begin(self, window: "MainWindow") -> None:
        """The window stands: give it the demo song."""
        self._window = window
        self._note("window")
        window.library.add_paths(sorted((resources() / "demo").glob("*.flac")), _MODEL)
        self._glance.start()

    def _look(self) -> None:
        """Go on as far as the song stands."""
        assert self._window
        jobs, player = self._window.library.jobs.jobs, self._window.player
        if monotonic() - self._began > _PATIENCE:
            self._leave(f"Nothing more happened after {_PATIENCE:.0f} s.")
        elif jobs and jobs[0].state in (JobState.FAILED, JobState.CANCELLED):
            self._leave(jobs[0].error or jobs[0].state)
        elif player.playing:
            self._listen(player.seconds)
        elif jobs and _is_done(jobs[0]) and player.ready and "separated" not in self.found:
            self._note("separated")
            self._play()

    def _play(self) -> None:
        assert self._window
        try:
            self.found["sound"] = default_device()
        except SoundUnavailableError as error:
            self.found["sound"] = str(error)
            self._leave()
        else:
            self._window.player.to_start()
            self._window.player.toggle()

    def _listen(self, second: float) -> None:
        if "separated" in self.found and second >= _LISTEN:
            self._note("played")
            self._leave()

    def _leave(self, trouble: str = "") -> None:
        assert self._window
        self._glance.stop()
        self.found |= {"trouble": trouble} if trouble else {"well": True}
        self._window.close()

    def _note(self, what: str) -> None:
        """Write down after how many seconds it was so."""
        self.found[what] = round(monotonic() - self._began, 2)


def _is_done(job: Job) -> bool:
    return job.state is JobState.COMPLETED and all(Path(stem.path).exists() for stem in job.stems)
