"""What painting costs: six lanes of an hour, 1400 logical pixels wide."""

from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.audio.peaks import Peaks, write_peaks
from desktop.ui.theme.tokens import STEM_COLOURS
from desktop.ui.waveform.view import LaneWaveform, WaveformView

RATE = 44100
HOUR = 3600
LANE = 100

pytestmark = pytest.mark.bench


def an_hour(path: Path, seed: int) -> Peaks:
    noise = np.random.default_rng(seed).standard_normal((1, RATE * 10)) * 0.2
    write_peaks((noise * abs(np.sin(part / 5)) for part in range(HOUR // 10)), path)
    return Peaks.open(path)


def milliseconds(times: list[float]) -> str:
    return f"median {median(times) * 1e3:.2f} ms, longest {max(times) * 1e3:.2f} ms"


def test_painting_six_lanes_of_an_hour(qtbot: QtBot, tmp_path: Path) -> None:
    view = WaveformView()
    qtbot.addWidget(view)
    view.resize(1400, 24 + 6 * LANE)
    colours = STEM_COLOURS.values()
    view.set_lanes(HOUR, RATE * HOUR, [LaneWaveform(an_hour(tmp_path / c, n), c) for n, c in enumerate(colours)])
    view.lay_out_lanes([LANE * (number + 1) for number in range(6)], 0)
    view.set_playhead(1000.0)
    with qtbot.waitExposed(view):
        view.show()
    redraws, frames = [], []
    view.view_box.zoom(2, 1000.0)
    for _ in range(60):
        begun = perf_counter()
        view.view_box.pan(0.003)
        view.viewport().repaint()
        redraws.append(perf_counter() - begun)
    for tick in range(300):
        begun = perf_counter()
        view.set_playhead(1000.0 + 2 * tick)
        QApplication.processEvents()
        frames.append(perf_counter() - begun)
    print(f"\nredraw of 6 lanes, 1400x600: {milliseconds(redraws)}\nplayhead frame: {milliseconds(frames)}")
