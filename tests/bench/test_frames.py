"""Frames of the Player page in a window of 1920x1080: six lanes and the original, a ruler with bars, chords and a loop.

Prints; never fails. On a machine that is busy otherwise, believe the CPU times.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time, thread_time

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord
from desktop.analysis.song_analysis import SongAnalysis
from desktop.playback.levels import LaneLevels, Levels
from desktop.ui.app.main_window import MainWindow
from desktop.ui.theme.style import apply_theme
from desktop.ui.waveform.view import WaveformView
from tests.helpers.sound import write_peaks
from tests.helpers.stems import SAMPLE_RATE, write_library_job
from tests.helpers.window import WindowHarness, open_window, window_harness

pytestmark = [pytest.mark.bench, pytest.mark.qt_log_ignore("does not support propagateSizeHints")]

SECONDS, FRAMES_PER_SECOND = 240.0, 60
SIZE = QSize(1920, 1080)
IDLE_MS = 3000


def write_noise_peaks(path: Path, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((1, SAMPLE_RATE)) * 0.2
    write_peaks((noise * abs(np.sin(second * (seed + 1) / 9)) for second in range(round(SECONDS))), path)


def add_song(harness: WindowHarness) -> str:
    job = write_library_job(harness.home, stem_count=6, seconds=SECONDS)
    for seed, path in enumerate((*(stem.peaks for stem in job.stems), harness.home.job_folder(job.id).mixture_peaks)):
        write_noise_peaks(path, seed)
    return harness.store.insert(job).id


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    apply_theme(qapp)
    with window_harness(tmp_path / "home") as harness:
        job_id = add_song(harness)
        window = open_window(harness, qtbot, SIZE)
        window.job_view.select_job(job_id)
        window.navigation.show_player()
        qtbot.waitUntil(lambda: window.player.is_ready)
        beats = tuple(number * 0.5 for number in range(round(SECONDS) * 2))
        chords = tuple(Chord(bar * 2.0, bar * 2.0 + 2, "F#m") for bar in range(round(SECONDS) // 2))
        window.player.analysis.set_found(SongAnalysis(BeatGrid(beats), 120.0, chords=chords))
        window.player.practice.set_passage(4.0, 8.0)
        QApplication.processEvents()
        yield window
        window.close()


@pytest.fixture
def view(window: MainWindow) -> WaveformView:
    assert window.player_panel.waveforms is not None
    return window.player_panel.waveforms


def measure(title: str, actions: list[Callable[[], object]]) -> None:
    """Run each action and paint what it changes; print the times of these frames."""
    wall: list[float] = []
    cpu: list[float] = []
    for act in actions:
        began, began_cpu = perf_counter(), thread_time()
        act()
        QApplication.processEvents()
        wall.append(perf_counter() - began)
        cpu.append(thread_time() - began_cpu)
    (median, late), (cpu_median, cpu_late) = (np.percentile(np.array(times) * 1e3, (50, 99)) for times in (wall, cpu))
    print(f"{title:>34}: median {median:6.2f} ms, p99 {late:6.2f} ms; CPU {cpu_median:6.2f} ms, p99 {cpu_late:6.2f} ms")


def play(window: MainWindow, view: WaveformView, start: float, end: float) -> list[Callable[[], object]]:
    """Return frames of playback: the playhead moves, and every second frame the meters."""
    rng = np.random.default_rng(5)

    def frame(number: int, second: float) -> None:
        view.follow_playhead(second)
        if number % 2:
            lanes = tuple(LaneLevels(*rng.uniform(0, 0.5, 4)) for _ in range(7))
            window.player.levels_changed.emit(Levels(lanes, lanes[0]))

    seconds = np.arange(start, end, 1 / FRAMES_PER_SECOND)
    return [lambda number=number, second=second: frame(number, float(second)) for number, second in enumerate(seconds)]


def turn_wheel(view: WaveformView, notches: float, modifier: Qt.KeyboardModifier) -> None:
    position = QPointF(view.width() * 0.6, 200.0)
    delta, button = QPoint(0, round(120 * notches)), Qt.MouseButton.NoButton
    glob = QPointF(view.viewport().mapToGlobal(position.toPoint()))
    event = QWheelEvent(position, glob, QPoint(), delta, button, modifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(view.viewport(), event)


def drag(view: WaveformView, xs: list[int]) -> list[Callable[[], object]]:
    """Return the moves of a drag with the left button."""

    def send(kind: QEvent.Type, x: int, buttons: Qt.MouseButton) -> None:
        place = QPointF(x, 200.0)
        glob, left = QPointF(view.viewport().mapToGlobal(place.toPoint())), Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        none = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(view.viewport(), QMouseEvent(kind, place, glob, button, buttons, none))

    left = Qt.MouseButton.LeftButton
    send(QEvent.Type.MouseButtonPress, xs[0], left)
    moves = [lambda x=x: send(QEvent.Type.MouseMove, x, left) for x in xs[1:]]
    return [*moves, lambda: send(QEvent.Type.MouseButtonRelease, xs[-1], Qt.MouseButton.NoButton)]


def measure_all(qtbot: QtBot, window: MainWindow, view: WaveformView) -> None:
    view.fit()
    measure("playing, whole song", play(window, view, 0.0, 10.0))
    view.view_box.show_range(0.0, 2.0)
    view.set_playhead(0.0)
    measure("playing, a page of 2 s at a time", play(window, view, 0.0, 20.0))
    view.view_box.show_range(20.0, 30.0)
    page = view.view_box.pan
    measure("pages of 10 s", [lambda: page(1.0)] * 20)
    for step in (3, 40):
        view.view_box.show_range(100.0, 110.0)
        xs = [800 + step * number for number in range(-15, 15)]
        measure(f"drag by {step} px", drag(view, [*xs, *reversed(xs)]))
    view.fit()
    none, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    notches = [1.0] * 20 + [-1.0] * 20
    measure("zoom by wheel", [lambda by=by: turn_wheel(view, by, none) for by in notches * 2])
    view.view_box.show_range(100.0, 110.0)
    measure("pan by wheel", [lambda: turn_wheel(view, -1.0, shift)] * 40)
    view.fit()
    sizes = [SIZE - QSize(5 * number, 3 * number) for number in range(40)]
    measure("resize", [lambda size=size: window.resize(size) for size in (*sizes, *reversed(sizes))])


def measure_idle() -> None:
    loop = QEventLoop()
    QTimer.singleShot(IDLE_MS, loop.quit)
    began = process_time()
    loop.exec()
    print(f"{'idle':>34}: {(process_time() - began) / IDLE_MS * 1e5:.2f} % of one core")


def test_frames_of_waveforms(qtbot: QtBot, window: MainWindow, view: WaveformView) -> None:
    print(f"\nwaveforms, {view.width()}x{view.height()} of {window.width()}x{window.height()}")
    measure_all(qtbot, window, view)
    measure_idle()


def test_frames_of_spectrograms(qtbot: QtBot, window: MainWindow, view: WaveformView) -> None:
    view.set_spectrogram(True)
    print("\nspectrograms")
    measure_all(qtbot, window, view)
    qtbot.wait(5000)  # until the tiles of the last view are computed
    measure_idle()
