"""The player as it is seen and used, over a real transport and real stems."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollBar, QSlider, QWidget
from pytestqt.qtbot import QtBot

from desktop.audio.peaks import write_peaks
from desktop.jobs.model import Job, JobState, Stage
from desktop.jobs.queue import JobProgress
from desktop.paths import Home
from desktop.playback.transport import Transport
from desktop.ui.core.job_text import format_runtime
from desktop.ui.pages.player.buttons import LetterButton, PaintedButton
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header import LaneHeader, PendingLaneHeader
from desktop.ui.pages.player.panel import PlayerMessage, PlayerPanel
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import Chip, ElidedLabel
from tests.helpers.command import ROOT
from tests.helpers.stems import SAMPLE_RATE, make_unseparated_job, write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def controller(qtbot: QtBot, transport: Transport) -> Iterator[PlayerController]:
    made = PlayerController(transport)
    yield made
    made.close()


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> Iterator[PlayerPanel]:
    shown = PlayerPanel(controller, Home(tmp_path / "home").create_folders())
    qtbot.addWidget(shown)
    shown.resize(1168, 468)
    with qtbot.waitExposed(shown):
        shown.show()
    yield shown
    shown.stop_reading()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return write_completed_job(tmp_path / "stems")


def show_stems(qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job) -> list[LaneHeader]:
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    QApplication.processEvents()
    return heads(panel)


def heads(panel: PlayerPanel) -> list[LaneHeader]:
    return [head for head in panel.findChildren(LaneHeader) if head.isVisible()]


def texts(widget: QWidget) -> list[str]:
    return [line.text() for line in widget.findChildren(ElidedLabel) if line.isVisible()]


def button(head: LaneHeader, letter: str) -> LetterButton:
    return next(found for found in head.findChildren(LetterButton) if found.text() == letter)


def fader(widget: QWidget) -> Fader:
    found = widget.findChild(Fader)
    assert found is not None
    return found


def view(panel: PlayerPanel) -> WaveformView:
    found = panel.findChild(WaveformView)
    assert found is not None
    return found


def message(panel: PlayerPanel) -> str:
    found = panel.findChild(PlayerMessage)
    assert found is not None
    return found.accessibleName() if found.isVisible() else ""


def test_a_completed_job_has_one_lane_for_each_stem(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = show_stems(qtbot, panel, controller, job)
    assert [texts(lane)[0] for lane in lanes] == ["Vocals", "Drums", "Bass", "Other"]
    assert controller.lane_names == ("vocals", "drums", "bass", "other")
    assert all(item is not None for item in view(panel).lane_items)


def test_the_header_says_which_song_and_what_came_of_it(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, replace(job, notices=("The file ends early.",)))
    shown = texts(panel)
    for words in ("Night Drive", "Mara Lind", "0:02", "HT Demucs", "4 stems · add up exactly to the original"):
        assert words in shown
    assert "The file ends early." in shown


def test_the_name_of_the_model_tells_what_computed_it(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, replace(job, runtime="openvino"))
    (model,) = [chip for chip in panel.findChildren(Chip) if chip.text() == "HT Demucs"]
    assert model.toolTip() == model.accessibleDescription() == "Computed by OpenVINO on the processor."


@pytest.mark.parametrize("kind", ["openvino", "openvino bf16", "torch", "torch bf16", "cuda fp16", "mps fp16"])
def test_whatever_computes_a_song_has_a_name_for_musicians(kind: str) -> None:
    assert format_runtime(kind).startswith("Computed by ")


def test_an_inexact_sum_is_told_in_words_and_its_decibels_in_the_tooltip(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, replace(job, null_dbfs=-91.6))
    chip = next(chip for chip in panel.findChildren(Chip) if chip.text() == "4 stems · add up to the original")
    assert chip.toolTip() == "The loudest difference to the original is −92 dBFS."


def test_opening_a_song_does_not_block_the_window(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job, tmp_path: Path
) -> None:
    show_stems(qtbot, panel, controller, job)
    other = write_completed_job(tmp_path / "other", stem_count=6)
    begun = perf_counter()
    panel.show_job(other)
    assert perf_counter() - begun < 0.5  # 10 ms here; the bound is for machines under load
    qtbot.waitUntil(lambda: controller.is_ready and len(controller.lane_names) == 6)


def test_mute_and_solo_are_heard_and_seen(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    lanes = show_stems(qtbot, panel, controller, job)
    qtbot.mouseClick(button(lanes[2], "M"), Qt.MouseButton.LeftButton)
    assert transport.is_muted(2)
    assert "muted" in texts(lanes[2])
    qtbot.mouseClick(button(lanes[0], "S"), Qt.MouseButton.LeftButton)
    assert [transport.is_audible(lane) for lane in range(4)] == [True, False, False, False]
    controller.toggle_solo(0)
    assert not button(lanes[0], "S").isChecked()


def test_keys_for_lanes_that_are_not_there_do_nothing(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    controller.toggle_mute(0)
    show_stems(qtbot, panel, controller, job)
    controller.toggle_mute(5)
    controller.toggle_solo(-1)


def test_a_fader_sets_the_level_of_its_lane(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    lanes = show_stems(qtbot, panel, controller, job)
    slider = fader(lanes[1])
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert -10 < transport.gain_db(1) < -5
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(5, slider.height() // 2))
    assert transport.gain_db(1) == 0.0
    assert "0.0 dB" in texts(lanes[1])


def test_the_wheel_moves_a_fader_by_half_a_decibel(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    slider = fader(show_stems(qtbot, panel, controller, job)[0])
    for notches in (-3, 1):
        QApplication.sendEvent(slider, wheel(slider, notches))
    assert transport.gain_db(0) == pytest.approx(-1.0)


def test_arrows_move_a_fader_that_has_the_focus(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    slider = fader(show_stems(qtbot, panel, controller, job)[0])
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert transport.gain_db(0) == pytest.approx(-1.0)
    assert slider.accessibleDescription() == "−1.0 dB"


def test_assistive_technology_reads_and_sets_a_level_in_decibels(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    slider = fader(show_stems(qtbot, panel, controller, job)[0])
    interface = QAccessible.queryAccessibleInterface(slider)
    assert interface is not None
    value = interface.valueInterface()
    value.setCurrentValue(-6)
    assert transport.gain_db(0) == -6.0
    controller.set_gain_db(0, -12.3)
    assert value.currentValue() == -12
    assert slider.accessibleDescription() == "−12.3 dB"
    assert transport.gain_db(0) == -12.3  # the number that is read rounds it; the level stays


def test_a_click_in_a_waveform_moves_the_playhead(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, transport: Transport, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    pane = view(panel).viewport()
    with qtbot.waitSignal(controller.position_changed):
        qtbot.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(pane.width() // 2, 100))
    assert transport.position == pytest.approx(SAMPLE_RATE, abs=2 * SAMPLE_RATE / pane.width())


def test_heads_and_waveforms_are_in_line(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = show_stems(qtbot, panel, controller, job)
    panel.resize(1000, 530)
    QApplication.processEvents()
    for head, item in zip(lanes, view(panel).lane_items, strict=True):
        assert item is not None
        top = head.mapTo(panel, QPoint(0, 0)).y()
        drawn = view(panel).mapFromScene(item.mapRectToScene(item.boundingRect())).boundingRect()
        assert view(panel).mapTo(panel, drawn.topLeft()).y() == pytest.approx(top, abs=1)
        assert drawn.height() == pytest.approx(head.height() - 1, abs=1.5)


def test_lanes_that_have_no_room_scroll_together(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, tmp_path: Path
) -> None:
    lanes = show_stems(qtbot, panel, controller, write_completed_job(tmp_path / "six", stem_count=6))
    panel.resize(752, 300)
    QApplication.processEvents()
    assert min(lane.height() for lane in lanes) >= 72
    view(panel).parentWidget().reveal(lanes[5])
    QApplication.processEvents()
    item = view(panel).lane_items[5]
    assert item is not None
    bottom = view(panel).mapFromScene(item.mapRectToScene(item.boundingRect())).boundingRect().bottom()
    assert bottom == pytest.approx(view(panel).height(), abs=3)


def test_showing_the_same_stems_again_changes_nothing(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = show_stems(qtbot, panel, controller, job)
    controller.seek_to_seconds(1.0)
    panel.show_job(replace(job, title="Renamed"))
    assert controller.is_ready
    assert controller.position_seconds == pytest.approx(1.0)
    assert heads(panel) == lanes
    assert "Renamed" in texts(panel)


def test_a_song_that_comes_back_has_its_mix_and_its_place(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job, tmp_path: Path
) -> None:
    show_stems(qtbot, panel, controller, job)
    controller.toggle_mute(1)
    controller.set_gain_db(3, -4.0)
    controller.seek_to_seconds(1.5)
    show_stems(qtbot, panel, controller, write_completed_job(tmp_path / "other"))
    assert not controller.lane_mix(1).muted
    assert controller.position_seconds == 0
    lanes = show_stems(qtbot, panel, controller, job)
    assert controller.position_seconds == pytest.approx(1.5)
    assert button(lanes[1], "M").isChecked()
    assert fader(lanes[3]).db == -4.0


def test_a_failed_job_says_why_in_place(panel: PlayerPanel) -> None:
    panel.show_job(replace(make_unseparated_job(JobState.FAILED), error="“a.mp3” is empty. Choose another file."))
    assert "could not be separated" in message(panel)
    assert "“a.mp3” is empty. Choose another file." in message(panel)
    assert "HT Demucs" not in [chip.text() for chip in panel.findChildren(Chip)]  # it separated nothing
    assert not heads(panel)


def test_a_cancelled_job_is_not_called_a_failure(panel: PlayerPanel) -> None:
    panel.show_job(make_unseparated_job(JobState.CANCELLED))
    assert message(panel) == "Cancelled. No stems were kept. “Separate again” begins anew."


def test_stems_that_are_gone_are_told(panel: PlayerPanel, job: Job) -> None:
    job.stems[1].path.unlink()
    panel.show_job(job)
    assert "drums.wav" in message(panel)


def test_a_lane_without_peaks_still_plays(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    job.stems[0].peaks.unlink()
    lanes = show_stems(qtbot, panel, controller, job)
    assert len(lanes) == 4
    assert view(panel).lane_items[0] is None


def test_a_processing_job_shows_the_song_and_how_far_it_is(
    panel: PlayerPanel, controller: PlayerController, tmp_path: Path
) -> None:
    job = replace(make_unseparated_job(JobState.PROCESSING), stage=Stage.DECODING, seconds=3.0)
    folder = Home(tmp_path / "home").job_folder(job.id)
    panel.show_job(job)
    assert "Reading the song" in texts(panel)
    assert view(panel).lane_items == (None,)
    folder.root.mkdir(parents=True)
    write_peaks([np.full((1, 3 * SAMPLE_RATE), 0.5)], folder.mixture_peaks)
    panel.update_progress(JobProgress(job.id, 1, Stage.SEPARATING, 0.64, 5.0, 84.0))
    QApplication.processEvents()
    assert "Separating 64 %" in texts(panel)
    assert "about 1:24 left" in texts(panel)
    assert view(panel).lane_items[0] is not None
    assert [head.isVisible() for head in panel.findChildren(PendingLaneHeader)].count(True) == 1
    assert not controller.is_ready


def test_a_row_that_lags_behind_does_not_take_progress_back(panel: PlayerPanel) -> None:
    job = replace(make_unseparated_job(JobState.PROCESSING), token=1, stage=Stage.SEPARATING, progress=0.2)
    panel.show_job(job)
    panel.update_progress(JobProgress(job.id, 1, Stage.SEPARATING, 0.64, 5.0, None))
    panel.show_job(replace(job, progress=0.3))
    assert "Separating 64 %" in texts(panel)
    panel.show_job(replace(job, token=2, progress=0.0))
    assert "Separating 0 %" in texts(panel)


def test_progress_of_another_job_is_not_shown(panel: PlayerPanel) -> None:
    panel.show_job(replace(make_unseparated_job(JobState.PROCESSING), stage=Stage.DECODING))
    panel.update_progress(JobProgress(make_unseparated_job().id, 1, Stage.SEPARATING, 0.64, 5.0, 84.0))
    assert "Separating 64 %" not in texts(panel)


def test_stems_replace_the_song_when_the_job_is_completed(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    panel.show_job(replace(job, state=JobState.PROCESSING, stage=Stage.WRITING, stems=(), progress=0.9))
    assert not heads(panel)
    assert len(show_stems(qtbot, panel, controller, job)) == 4


def test_no_song_is_told_and_nothing_can_be_played(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    panel.show_job(None)
    assert "Choose a song" in message(panel)
    assert not controller.is_ready


def test_everything_that_takes_the_focus_has_a_name(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    reachable = [w for w in panel.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    reachable = [widget for widget in reachable if widget.focusProxy() is None]
    assert len(reachable) >= 13
    assert not [widget for widget in reachable if not widget.accessibleName()]
    controls = [w for w in reachable if isinstance(w, PaintedButton | QSlider)]
    assert all(widget.toolTip() for widget in controls)
    assert min(min(widget.width(), widget.height()) for widget in controls) >= 22


def test_an_idle_player_has_no_timer_running(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    running = [timer for owner in (panel, controller) for timer in owner.findChildren(QTimer) if timer.isActive()]
    assert not running


def wheel(widget: QWidget, notches: int) -> QWheelEvent:
    middle = QPointF(widget.rect().center())
    return QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def test_what_stands_on_qt_is_imported_in_the_windows_thread() -> None:
    # PySide's types are made at first use: two threads that use them at once crashed the window.
    script = """
import builtins, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pathlib import Path
from desktop.paths import Home
from desktop.playback.transport import Transport
from desktop.ui.pages.player import panel as module
from desktop.ui.pages.player.controller import PlayerController

elsewhere, importing = set(), builtins.__import__
def watched(name, *rest):
    if threading.current_thread() is not threading.main_thread() and name.split(".")[0] in ("PySide6", "pyqtgraph"):
        elsewhere.add(name)
    return importing(name, *rest)

application = QApplication(["unbraid", "-platform", "offscreen"])
panel = module.PlayerPanel(PlayerController(Transport()), Home(Path("nowhere")))
builtins.__import__ = watched
panel.preload_modules()
QTimer.singleShot(module.PRELOAD_DELAY_MS + 400, application.quit)
application.exec()
for thread in threading.enumerate():
    if thread.name == "warm up":
        thread.join()
import sys
print("desktop.ui.pages.player.lane_panel" in sys.modules, "desktop.playback.reader" in sys.modules, elsewhere)
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split("\n")[-2] == "True True set()"


def test_single_samples_are_drawn_from_the_file_when_the_view_is_close_enough(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    waves = view(panel)
    assert waves._samples is None
    with qtbot.waitSignal(waves.samples_requested):
        waves.view_box.show_range(1.0, 1.0005)
    start, end = waves.view_box.visible_range()
    assert (end - start) * SAMPLE_RATE < 23
    qtbot.waitUntil(lambda: waves._samples is not None and waves._samples.covers(start, end))
    assert waves._samples is not None
    vocals, first = sf.read(job.stems[0].path, dtype="float32")[0], waves._samples.start
    np.testing.assert_array_equal(waves._samples.low[:, 0], vocals.min(axis=1)[first : first + len(waves._samples.low)])
    item = waves.lane_items[0]
    assert item is not None
    columns = item._read_columns(start, end, 800)
    assert len(np.unique(columns[:, 1])) <= 2 * 24  # steps, not a curve through peaks
    waves.view_box.show_range(1.0001, 1.0006)  # near by: nothing is read again
    assert waves._samples.covers(*waves.view_box.visible_range())


def test_a_zoomed_view_is_moved_by_a_scroll_bar_and_by_keys(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    show_stems(qtbot, panel, controller, job)
    waves = view(panel)
    (bar,) = [bar for bar in panel.findChildren(QScrollBar) if bar.accessibleName() == "Part of the song in view"]
    assert not bar.isVisible()
    waves.view_box.show_range(0.5, 1.0)
    assert bar.isVisible()
    bar.setValue(bar.maximum())
    assert waves.view_box.visible_range() == pytest.approx((1.5, 2.0), abs=1e-3)
    qtbot.keyClick(waves, Qt.Key.Key_PageUp)
    assert waves.view_box.visible_range() == pytest.approx((1.0, 1.5), abs=1e-3)
    qtbot.keyClick(waves, Qt.Key.Key_Up)
    start, end = waves.view_box.visible_range()
    assert end - start == pytest.approx(0.4)
    waves.fit()
    assert not bar.isVisible()
