"""Ten minutes of playing at 75 % while both cores separate and the window is resized. Prints; never fails.

`UNBRAID_BENCH_MINUTES` sets another length. A full-size HTDemucs with random weights computes as much as the real one.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.jobs.model import JobOptions, JobState
from desktop.models.store import ModelStore
from desktop.paths import Home
from tests.helpers.command import ROOT
from tests.helpers.engines import write_full_htdemucs
from tests.helpers.library import running_library
from tests.helpers.screen import virtual_screen
from tests.helpers.shared import FIXTURES, TOOLS

pytestmark = pytest.mark.bench
MINUTES = float(os.environ.get("UNBRAID_BENCH_MINUTES", "10"))
# Plays the first finished song in the window, resizes the window all the while, and prints the counters at the end.
DRIVER = """
import sys
from dataclasses import replace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from desktop.gui import main
from desktop.jobs.model import JobState
from desktop.playback.practice import Loop
from desktop.ui.app.main_window import MainWindow

minutes, state = float(sys.argv[1]), {"ticks": 0}

def step():
    window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow))
    player, jobs = window.player, window.library.table_model.jobs
    finished = [job for job in jobs if job.state is JobState.COMPLETED]
    if not player.is_ready:
        if finished:
            window.job_view.select_job(finished[0].id)
        return
    if not player.is_playing and state["ticks"] == 0:
        loop = Loop(0.0, player.duration)
        player.practice.apply(replace(player.practice.state, loops=(loop,), loop_index=0, is_looping=True))
        player.practice.set_speed_percent(75.0)
        player.toggle_playback()
    state["ticks"] += 1
    window.resize(1100 + 40 * (state["ticks"] % 10), 700 + 20 * (state["ticks"] % 7))
    if state["ticks"] % 600 == 0:
        print("minute", state["ticks"] // 600, player._session.dropouts, flush=True)
    if state["ticks"] >= minutes * 600:
        timer.stop()
        busy = sum(job.state is JobState.PROCESSING for job in jobs)
        print("still playing:", player.is_playing, "separating:", busy, player._session.dropouts, flush=True)
        window.may_close = lambda: True
        window.close()

execute = QApplication.exec
def execute_with_timer(*_):
    global timer
    timer = QTimer(QApplication.instance(), interval=100)
    timer.timeout.connect(step)
    timer.start()
    return execute()
QApplication.exec = execute_with_timer
sys.exit(main([]))
"""


@pytest.mark.timeout(7200)
def test_sound_drops_out_never_in_ten_minutes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "library").create_folders()
    ModelStore(home).import_file(write_full_htdemucs(tmp_path / "full.th"), "full")
    with running_library(home.root) as library:
        library.wait_for(
            library.service.add(FIXTURES / "multitrack" / "rock120" / "mixture.flac", JobOptions(model="sketch")),
            JobState.COMPLETED,
        )
        library.service.pause_queue()
        library.service.add(_write_noise(tmp_path / "long.flac", round(MINUTES * 240)), JobOptions(model="full"))
        library.service.resume_queue()
    script = tmp_path / "driver.py"
    script.write_text(DRIVER, encoding="utf-8")
    with virtual_screen(1920, 1080) as screen:
        environment = dict(os.environ) | screen.environment
        environment |= {"UNBRAID_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
        command = [TOOLS / "virtual-sound-card", tmp_path / "recording.wav", sys.executable, script, str(MINUTES)]
        run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    with capsys.disabled():
        print("\n" + run.stdout + "\n".join(line for line in run.stderr.splitlines() if "dropped out" in line))


def _write_noise(path: Path, seconds: int) -> Path:
    generator = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", 44100, 2, "PCM_16") as file:
        for _ in range(seconds):
            file.write(generator.normal(0, 0.1, (44100, 2)))
    return path
