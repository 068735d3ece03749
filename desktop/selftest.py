"""`unbraid selftest`: separates, analyses and plays the demo song in the real window, with a temporary library.

Checks that a package was built or installed correctly, and that Unbraid works on this computer.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop.errors import SoundUnavailableError
from desktop.gui import main as run_window
from desktop.jobs.model import Job, JobState, options_from_settings
from desktop.paths import resources
from desktop.playback.device import default_device_name
from desktop.playback.stretch_native import is_native_available
from desktop.runtime.display import is_display_available
from desktop.settings import SKETCH_MODEL
from desktop.text.message import tr
from desktop.ui.widgets.file_drop import DroppedFiles

if TYPE_CHECKING:
    from desktop.ui.app.main_window import MainWindow

# Seconds that the whole test may take on a slow machine.
_TIMEOUT_S = 300.0
_POLL_INTERVAL_MS = 50
# Seconds of the demo song to play, and their speed, for which a stretcher is needed.
_PLAY_S, _SPEED_PERCENT = 2.0, 75.0


def main() -> int:
    """Open the window, separate the demo song with Sketch, play its stems slowly, quit, and print one JSON object.

    Without a display the window is drawn in memory. Returns 0 if every step succeeded, else 1.
    """
    if not is_display_available():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with TemporaryDirectory(prefix="unbraid-selftest-", ignore_cleanup_errors=True) as library:
        os.environ["UNBRAID_HOME"] = library
        self_test = SelfTest()
        status = run_window([], self_test.start)
    if sys.stdout:
        sys.stdout.write(json.dumps(self_test.results) + "\n")
    return status or (0 if self_test.results["well"] else 1)


class SelfTest(QObject):
    """Steps of the test, driven by a timer in the window's event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.results: dict[str, bool | float | str] = {"well": False}
        self._started_at = monotonic()
        self._window: MainWindow | None = None
        self._poll_timer = QTimer(self, interval=_POLL_INTERVAL_MS)
        self._poll_timer.timeout.connect(self._poll)

    def start(self, window: "MainWindow") -> None:
        """Add the demo song to the open `window` and poll until the test ends."""
        self._window = window
        self._record_time("window")
        songs = DroppedFiles(tuple(sorted((resources() / "demo").glob("*.flac"))))
        options = replace(options_from_settings(window.settings_store.settings), model=SKETCH_MODEL)
        window.library.import_queue.add(songs, options)
        self._poll_timer.start()

    def _poll(self) -> None:
        """Do the next step that the state of the job allows."""
        assert self._window
        jobs, player = self._window.library.table_model.jobs, self._window.player
        if monotonic() - self._started_at > _TIMEOUT_S:
            self._finish(tr("Nothing more happened after {seconds} s.", seconds=round(_TIMEOUT_S)))
        elif jobs and jobs[0].state in (JobState.FAILED, JobState.CANCELLED):
            self._finish(str(jobs[0].error or jobs[0].state))
        elif player.is_playing:
            self._check_playback(player.position_seconds)
        elif jobs and _is_done(jobs[0]) and player.is_ready and "separated" not in self.results:
            self._record_time("separated")
        elif "separated" in self.results and "analysed" not in self.results and not jobs[0].wants_analysis:
            self._record_time("analysed")
            self._play()

    def _play(self) -> None:
        assert self._window
        self.results["stretcher"] = "compiled" if is_native_available() else "package"
        try:
            self.results["sound"] = default_device_name()
        except SoundUnavailableError as error:
            self.results["sound"] = str(error)
            self._finish()
        else:
            self._window.player.practice.set_speed_percent(_SPEED_PERCENT)
            self._window.player.seek_to_start()
            self._window.player.toggle_playback()

    def _check_playback(self, position_s: float) -> None:
        if "analysed" in self.results and position_s >= _PLAY_S:
            self._record_time("played")
            self._finish()

    def _finish(self, trouble: str = "") -> None:
        assert self._window
        self._poll_timer.stop()
        self.results |= {"trouble": trouble} if trouble else {"well": True}
        self._window.close()

    def _record_time(self, step: str) -> None:
        """Record the seconds from the start of the test to the end of `step`."""
        self.results[step] = round(monotonic() - self._started_at, 2)


def _is_done(job: Job) -> bool:
    return job.state is JobState.COMPLETED and all(Path(stem.path).exists() for stem in job.stems)
