"""Measure painting: six lanes of one hour, 1400 logical pixels wide."""

from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.audio.peaks import Peaks
from desktop.ui.theme.palette import STEM_COLOURS
from desktop.ui.waveform.lane_content import LaneWaveform
from desktop.ui.waveform.view import WaveformView
from tests.helpers.sound import write_peaks

SAMPLE_RATE = 44100
HOUR_S = 3600
LANE_HEIGHT = 100

pytestmark = pytest.mark.bench


def write_peaks_of_an_hour(path: Path, seed: int) -> Peaks:
    noise = np.random.default_rng(seed).standard_normal((1, SAMPLE_RATE * 10)) * 0.2
    write_peaks((noise * abs(np.sin(block / 5)) for block in range(HOUR_S // 10)), path)
    return Peaks.open(path)


def format_times(times: list[float]) -> str:
    return f"median {median(times) * 1e3:.2f} ms, longest {max(times) * 1e3:.2f} ms"


def test_painting_six_lanes_of_an_hour(qtbot: QtBot, tmp_path: Path) -> None:
    view = WaveformView()
    qtbot.addWidget(view)
    view.resize(1400, 6 * LANE_HEIGHT)
    lanes = [
        LaneWaveform(write_peaks_of_an_hour(tmp_path / name, seed), colour)
        for seed, (name, colour) in enumerate(STEM_COLOURS.items())
    ]
    view.set_lanes(HOUR_S, SAMPLE_RATE * HOUR_S, lanes)
    view.lay_out_lanes([LANE_HEIGHT * (number + 1) for number in range(6)], 0)
    view.set_playhead(1000.0)
    with qtbot.waitExposed(view):
        view.show()
    redraws, frames = [], []
    view.view_box.zoom(2, 1000.0)
    for _ in range(60):
        start = perf_counter()
        view.view_box.pan(0.003)
        view.viewport().repaint()
        redraws.append(perf_counter() - start)
    for tick in range(300):
        start = perf_counter()
        view.set_playhead(1000.0 + 2 * tick)
        QApplication.processEvents()
        frames.append(perf_counter() - start)
    print(f"\nredraw of 6 lanes, 1400x600: {format_times(redraws)}\nplayhead frame: {format_times(frames)}")
