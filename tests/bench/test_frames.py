"""Frames of the player while it plays: six lanes with ruler, loop and beat lines in a window of 1920x1080."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord
from desktop.analysis.song_analysis import SongAnalysis
from desktop.paths import Home
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.song_loader import SongStateStore
from desktop.ui.theme.style import apply_theme
from desktop.ui.waveform.view import WaveformView
from tests.helpers.stems import write_completed_job

pytestmark = [pytest.mark.bench, pytest.mark.qt_log_ignore("does not support propagateSizeHints")]

SECONDS, FRAMES_PER_SECOND = 60.0, 60
IDLE_MS = 3000


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[WaveformView]:
    apply_theme(qapp)
    home, session = Home(tmp_path / "home").create_folders(), Session(LocalEngine())
    controller = PlayerController(session, SongStateStore(home))
    panel = PlayerPanel(controller, home)
    qtbot.addWidget(panel)
    panel.resize(1920, 1080)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_job(write_completed_job(tmp_path / "stems", stem_count=6, seconds=SECONDS))
    qtbot.waitUntil(lambda: controller.is_ready)
    beats = tuple(number * 0.5 for number in range(120))
    controller.analysis.set_found(
        SongAnalysis(BeatGrid(beats), 120.0, chords=tuple(Chord(bar * 2.0, bar * 2.0 + 2, "F#m") for bar in range(30)))
    )
    controller.practice.set_passage(4.0, 8.0)
    QApplication.processEvents()
    assert panel.waveforms is not None
    yield panel.waveforms
    panel.stop_reading()
    controller.close()
    session.close()


def play(view: WaveformView, start: float, end: float) -> list[float]:
    """Move the playhead as playback does, and return the seconds of each frame."""
    times: list[float] = []
    for second in np.arange(start, end, 1 / FRAMES_PER_SECOND):
        began = perf_counter()
        view.follow_playhead(float(second))
        QApplication.processEvents()
        times.append(perf_counter() - began)
    return times


def describe(times: list[float]) -> str:
    median, late, longest = np.percentile(np.array(times) * 1e3, (50, 99, 100))
    return f"median {median:.2f} ms, 99th percentile {late:.2f} ms, longest {longest:.2f} ms"


def test_frames_while_playing_and_while_idle(view: WaveformView) -> None:
    print(f"\nwhole song: {describe(play(view, 0.0, 20.0))}")
    view.view_box.show_range(0.0, 10.0)
    print(f"ten seconds in view, three pages: {describe(play(view, 0.0, 30.0))}")
    pans: list[float] = []
    for _ in range(100):
        began = perf_counter()
        view.view_box.pan(-0.005)
        QApplication.processEvents()
        pans.append(perf_counter() - began)
    print(f"pan: {describe(pans)}")
    loop = QEventLoop()
    QTimer.singleShot(IDLE_MS, loop.quit)
    began = process_time()
    loop.exec()
    print(f"idle: {(process_time() - began) / IDLE_MS * 1e5:.2f} % of one core")
