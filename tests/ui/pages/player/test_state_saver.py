"""A change of a song is in the library soon after it was made, also if the app is killed then."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from desktop.paths import Home
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.stems import write_completed_job

SONG_ID = str(UUID(int=1000))
# Mutes a lane, prints "changed", and goes on running until it is killed.
CHANGE_AND_RUN = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from desktop.paths import Home
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.song_loader import SongStateStore

app = QCoreApplication([])
player = PlayerController(Session(LocalEngine()), SongStateStore(Home(Path(sys.argv[1]))))
def change():
    if player.is_ready:
        player.mix.set_mute(0, True)
        player.practice.set_speed_percent(75)
        print("changed", flush=True)
player.loaded_changed.connect(lambda: QTimer.singleShot(0, change))
player.tracks.load(sys.argv[2], [Path(path) for path in sys.argv[3:]], ["drums", "bass", "other", "vocals"])
app.exec()
"""


def test_change_survives_a_kill_one_second_later(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create_folders()
    home.job_folder(SONG_ID).root.mkdir(parents=True)
    stems = write_completed_job(tmp_path).stems
    arguments = [sys.executable, "-c", CHANGE_AND_RUN, str(home.root), SONG_ID, *(str(stem.path) for stem in stems)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "changed\n"
        try:
            process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
    state = SongStateStore(home).load(SONG_ID)
    assert state.mix.lane("drums").mute
    assert state.speed_percent == 75
