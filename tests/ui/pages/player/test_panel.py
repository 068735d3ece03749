"""The player panel, with a real session and real stems."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollBar, QSlider, QWidget
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobProgress, JobState
from desktop.paths import Home
from desktop.playback.session import Session
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.core.action import ActionId
from desktop.ui.core.job_text import format_runtime
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.original_lane_header import ORIGINAL_HEIGHT
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.pending_lane_header import PendingLaneHeader
from desktop.ui.pages.player.player_message import PlayerMessage
from desktop.ui.waveform.view import WaveformView
from desktop.ui.widgets.button import LetterButton, PaintedButton, PushButton
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import Chip, ElidedLabel
from desktop.ui.widgets.value_field import LevelField
from tests.helpers.command import ROOT
from tests.helpers.jobs import make_job
from tests.helpers.sound import write_peaks
from tests.helpers.stems import SAMPLE_RATE, write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, tmp_path: Path) -> Iterator[PlayerPanel]:
    widget = PlayerPanel(controller, Home(tmp_path / "home").create_folders())
    qtbot.addWidget(widget)
    widget.resize(1168, 468)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    widget.stop_reading()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return write_completed_job(tmp_path / "stems")


def load_and_show(qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job) -> list[LaneHeader]:
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    QApplication.processEvents()
    return visible_lane_headers(panel)


def visible_lane_headers(panel: PlayerPanel) -> list[LaneHeader]:
    return [header for header in panel.findChildren(LaneHeader) if header.isVisible()]


def visible_texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(ElidedLabel) if label.isVisible()]


def letter_button(header: LaneHeader, letter: str) -> LetterButton:
    return next(candidate for candidate in header.findChildren(LetterButton) if candidate.text() == letter)


def level_field(header: QWidget) -> LevelField:
    (child,) = header.findChildren(LevelField)
    return child


def find_fader(widget: QWidget) -> Fader:
    child = widget.findChild(Fader)
    assert child is not None
    return child


def waveform_view(panel: PlayerPanel) -> WaveformView:
    widget = panel.findChild(WaveformView)
    assert widget is not None
    return widget


def message_text(panel: PlayerPanel) -> str:
    widget = panel.findChild(PlayerMessage)
    assert widget is not None
    return widget.accessibleName() if widget.isVisible() else ""


def test_completed_job_has_one_lane_per_stem(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = load_and_show(qtbot, panel, controller, job)
    assert [visible_texts(lane)[0] for lane in lanes] == ["Vocals", "Drums", "Bass", "Other"]
    assert controller.lane_names == ("vocals", "drums", "bass", "other")
    assert all(item is not None for item in waveform_view(panel).lane_items[:4])


def test_header_shows_title_artist_duration_model_stems_and_notices(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, replace(job, notices=("The file ends early.",)))
    header_texts = visible_texts(panel)
    for text in ("Night Drive", "Mara Lind", "0:02", "HT Demucs", "4 stems · add up exactly to the original"):
        assert text in header_texts
    assert "The file ends early." in header_texts


def test_long_title_leaves_room_for_the_artist(panel: PlayerPanel, job: Job) -> None:
    panel.show_job(replace(job, title="A very long name " * 20, artist="The Orchestra of a Village"))
    QApplication.processEvents()
    (artist,) = (each for each in panel.findChildren(ElidedLabel) if each.text() == "The Orchestra of a Village")
    assert artist.isVisible()
    assert artist.width() >= 96


def test_model_chip_names_the_runtime_in_its_tooltip(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, replace(job, runtime="openvino"))
    (model_chip,) = [chip for chip in panel.findChildren(Chip) if chip.text() == "HT Demucs"]
    assert model_chip.toolTip() == model_chip.accessibleDescription() == "Computed by OpenVINO on the processor."


@pytest.mark.parametrize("runtime", ["openvino", "openvino bf16", "torch", "torch bf16", "cuda fp16", "mps fp16"])
def test_every_runtime_has_a_readable_description(runtime: str) -> None:
    assert format_runtime(runtime).startswith("Computed by ")


def test_inexact_sum_is_shown_in_the_chip_and_its_level_in_the_tooltip(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, replace(job, null_dbfs=-91.6))
    chip = next(chip for chip in panel.findChildren(Chip) if chip.text() == "4 stems · add up to the original")
    assert chip.toolTip() == "The loudest difference to the original is −92 dBFS."


def test_showing_a_job_does_not_block_the_window(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job, tmp_path: Path
) -> None:
    load_and_show(qtbot, panel, controller, job)
    other = write_completed_job(tmp_path / "other", stem_count=6)
    panel.show_job(other)
    assert not controller.is_ready  # the stems are opened by another thread
    qtbot.waitUntil(lambda: controller.is_ready and len(controller.lane_names) == 6)


def test_mute_and_solo_change_the_transport_and_the_lane_header(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    lanes = load_and_show(qtbot, panel, controller, job)
    qtbot.mouseClick(letter_button(lanes[2], "M"), Qt.MouseButton.LeftButton)
    assert session.mix.lane("bass").mute
    assert level_field(lanes[2]).text() == "muted"
    qtbot.mouseClick(letter_button(lanes[0], "S"), Qt.MouseButton.LeftButton)
    assert [session.is_audible(lane) for lane in range(4)] == [True, False, False, False]
    controller.mix.toggle_solo(0)
    assert not letter_button(lanes[0], "S").isChecked()


def test_mute_and_solo_of_missing_lanes_have_no_effect(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    controller.mix.toggle_mute(0)
    load_and_show(qtbot, panel, controller, job)
    controller.mix.toggle_mute(5)
    controller.mix.toggle_solo(-1)
    assert [session.is_audible(lane) for lane in range(4)] == [True, True, True, True]


def test_fader_sets_the_level_of_its_lane(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    lanes = load_and_show(qtbot, panel, controller, job)
    slider = find_fader(lanes[1])
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert -10 < session.mix.lane("drums").gain_db < -5
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(5, slider.height() // 2))
    assert session.mix.lane("drums").gain_db == 0.0
    assert level_field(lanes[1]).text() == "0.0 dB"


def test_wheel_moves_a_fader_by_half_a_decibel(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    slider = find_fader(load_and_show(qtbot, panel, controller, job)[0])
    for notches in (-3, 1):
        QApplication.sendEvent(slider, wheel_event(slider, notches))
    assert session.mix.lane("vocals").gain_db == pytest.approx(-1.0)


def test_arrow_key_moves_the_focused_fader_by_one_decibel(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    slider = find_fader(load_and_show(qtbot, panel, controller, job)[0])
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert session.mix.lane("vocals").gain_db == pytest.approx(-1.0)
    assert slider.accessibleDescription() == "−1.0 dB"


def test_accessible_value_of_a_fader_is_in_decibels(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    slider = find_fader(load_and_show(qtbot, panel, controller, job)[0])
    interface = QAccessible.queryAccessibleInterface(slider)
    assert interface is not None
    value = interface.valueInterface()
    value.setCurrentValue(-6)
    assert session.mix.lane("vocals").gain_db == -6.0
    controller.mix.set_gain_db(0, -12.3)
    assert value.currentValue() == -12
    assert slider.accessibleDescription() == "−12.3 dB"
    assert session.mix.lane("vocals").gain_db == -12.3  # the accessible value is rounded, the level is not


def test_click_in_a_waveform_moves_the_playhead(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, session: Session, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, job)
    viewport = waveform_view(panel).viewport()
    with qtbot.waitSignal(controller.position_changed):
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(viewport.width() // 2, 100))
    assert session.position == pytest.approx(SAMPLE_RATE, abs=2 * SAMPLE_RATE / viewport.width())


def test_lane_headers_and_waveforms_are_aligned(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = load_and_show(qtbot, panel, controller, job)
    panel.resize(1000, 530)
    QApplication.processEvents()
    for header, item in zip(lanes, waveform_view(panel).lane_items[:4], strict=True):
        assert item is not None
        top = header.mapTo(panel, QPoint(0, 0)).y()
        item_rect = waveform_view(panel).mapFromScene(item.mapRectToScene(item.boundingRect())).boundingRect()
        assert waveform_view(panel).mapTo(panel, item_rect.topLeft()).y() == pytest.approx(top, abs=1)
        assert item_rect.height() == pytest.approx(header.height() - 1, abs=1.5)


def test_lane_headers_and_waveforms_scroll_together(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, tmp_path: Path
) -> None:
    lanes = load_and_show(qtbot, panel, controller, write_completed_job(tmp_path / "six", stem_count=6))
    panel.resize(752, 300)
    QApplication.processEvents()
    assert min(lane.height() for lane in lanes) >= 72
    (bar,) = [bar for bar in panel.findChildren(QScrollBar) if bar.accessibleName() == "More lanes"]
    bar.setValue(bar.maximum())
    QApplication.processEvents()
    item = waveform_view(panel).lane_items[5]
    assert item is not None
    bottom = waveform_view(panel).mapFromScene(item.mapRectToScene(item.boundingRect())).boundingRect().bottom()
    assert bottom == pytest.approx(waveform_view(panel).height() - ORIGINAL_HEIGHT, abs=3)


def test_showing_the_same_stems_again_keeps_lanes_and_position(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    lanes = load_and_show(qtbot, panel, controller, job)
    controller.seek_to_seconds(1.0)
    panel.show_job(replace(job, title="Renamed"))
    assert controller.is_ready
    assert controller.position_seconds == pytest.approx(1.0)
    assert visible_lane_headers(panel) == lanes
    assert "Renamed" in visible_texts(panel)


def test_mix_and_position_are_restored_when_a_job_is_shown_again(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job, tmp_path: Path
) -> None:
    load_and_show(qtbot, panel, controller, job)
    controller.mix.toggle_mute(1)
    controller.mix.set_gain_db(3, -4.0)
    controller.seek_to_seconds(1.5)
    load_and_show(qtbot, panel, controller, write_completed_job(tmp_path / "other"))
    assert not controller.mix.lane_mix(1).mute
    assert controller.position_seconds == 0
    lanes = load_and_show(qtbot, panel, controller, job)
    assert controller.position_seconds == pytest.approx(1.5)
    assert letter_button(lanes[1], "M").isChecked()
    assert find_fader(lanes[3]).db == -4.0


def test_failed_job_shows_its_error_in_the_panel(panel: PlayerPanel) -> None:
    panel.show_job(replace(make_job(state=JobState.FAILED), error=verbatim("“a.mp3” is empty. Choose another file.")))
    assert "could not be separated" in message_text(panel)
    assert "“a.mp3” is empty. Choose another file." in message_text(panel)
    assert "HT Demucs" not in [chip.text() for chip in panel.findChildren(Chip)]  # no model separated it
    assert not visible_lane_headers(panel)


def test_cancelled_job_is_not_shown_as_failed(panel: PlayerPanel) -> None:
    panel.show_job(make_job(state=JobState.CANCELLED))
    assert message_text(panel) == "Cancelled. No stems were kept. “Separate again” starts over."


@pytest.mark.parametrize(
    ("state", "texts"),
    [(JobState.FAILED, ["Separate again", "Why it failed…"]), (JobState.CANCELLED, ["Separate again"])],
)
def test_page_of_a_song_without_stems_offers_its_actions_below_the_message(
    qtbot: QtBot, panel: PlayerPanel, state: JobState, texts: list[str]
) -> None:
    def message_buttons() -> list[PushButton]:
        message = panel.findChild(PlayerMessage)
        assert message is not None
        return [button for button in message.findChildren(PushButton) if button.isVisible()]

    job = make_job(state=state)
    panel.show_job(job)
    assert not message_buttons()  # the header of the small player has them
    panel.set_full_size(True)
    qtbot.waitUntil(lambda: [button.text().strip() for button in message_buttons()] == texts)
    assert all(button.visibleRegion().boundingRect() == button.rect() for button in message_buttons())
    message_buttons()[0].setFocus()
    panel.show_job(job)
    assert message_buttons()[0].hasFocus()
    with qtbot.waitSignal(panel.action_requested) as request:
        qtbot.keyClick(message_buttons()[0], Qt.Key.Key_Return)
    assert request.args == [job, ActionId.SEPARATE_AGAIN]
    other = JobState.FAILED if state is JobState.CANCELLED else JobState.CANCELLED
    panel.show_job(make_job(state=other))
    QApplication.processEvents()
    assert len(message_buttons()) == 3 - len(texts)
    assert all(button.visibleRegion().boundingRect() == button.rect() for button in message_buttons())


def test_page_of_a_song_whose_stems_are_missing_offers_to_separate_it_again(panel: PlayerPanel, job: Job) -> None:
    panel.set_full_size(True)
    job.stems[0].path.unlink()
    panel.show_job(job)
    message = panel.findChild(PlayerMessage)
    assert message is not None
    assert [button.text().strip() for button in message.findChildren(PushButton)] == ["Separate again"]
    panel.show_job(None)
    assert not [button for button in message.findChildren(PushButton) if button.isVisible()]


def test_missing_stem_file_is_named(panel: PlayerPanel, job: Job) -> None:
    job.stems[1].path.unlink()
    panel.show_job(job)
    assert "drums.wav" in message_text(panel)


def test_lane_without_peaks_can_be_played(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    job.stems[0].peaks.unlink()
    lanes = load_and_show(qtbot, panel, controller, job)
    assert len(lanes) == 4
    assert waveform_view(panel).lane_items[0] is None


def test_processing_job_shows_mixture_waveform_and_progress(
    panel: PlayerPanel, controller: PlayerController, tmp_path: Path
) -> None:
    job = replace(make_job(state=JobState.PROCESSING), stage=Stage.DECODING, seconds=3.0)
    folder = Home(tmp_path / "home").job_folder(job.id)
    panel.show_job(job)
    assert "Reading the song" in visible_texts(panel)
    assert waveform_view(panel).lane_items == (None,)
    folder.root.mkdir(parents=True)
    write_peaks([np.full((1, 3 * SAMPLE_RATE), 0.5)], folder.mixture_peaks)
    panel.show_job(job.merged_with(JobProgress(job.id, 1, Stage.SEPARATING, 0.64, 5.0, 84.0)))
    QApplication.processEvents()
    assert "Separating 64 %" in visible_texts(panel)
    assert "about 1:24 left" in visible_texts(panel)
    assert waveform_view(panel).lane_items[0] is not None
    assert [header.isVisible() for header in panel.findChildren(PendingLaneHeader)].count(True) == 1
    assert not controller.is_ready


def test_stems_replace_the_mixture_when_the_job_is_completed(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    panel.show_job(replace(job, state=JobState.PROCESSING, stage=Stage.WRITING, stems=(), progress=0.9))
    assert not visible_lane_headers(panel)
    assert len(load_and_show(qtbot, panel, controller, job)) == 4


def test_panel_without_a_job_shows_a_hint_and_unloads_the_player(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, job)
    panel.show_job(None)
    assert "Choose a song" in message_text(panel)
    assert not controller.is_ready


def test_every_tab_stop_has_an_accessible_name(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, job)
    tab_stops = [
        widget
        for widget in panel.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible()
    ]
    tab_stops = [widget for widget in tab_stops if widget.focusProxy() is None]
    assert len(tab_stops) >= 13
    assert not [widget for widget in tab_stops if not widget.accessibleName()]
    controls = [widget for widget in tab_stops if isinstance(widget, PaintedButton | QSlider)]
    assert all(widget.toolTip() for widget in controls)
    assert min(min(widget.width(), widget.height()) for widget in controls) >= 22


def test_idle_player_runs_no_timer(qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job) -> None:
    load_and_show(qtbot, panel, controller, job)
    running = [timer for owner in (panel, controller) for timer in owner.findChildren(QTimer) if timer.isActive()]
    assert not running


def wheel_event(widget: QWidget, notches: int) -> QWheelEvent:
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


def test_qt_modules_are_imported_only_in_the_main_thread() -> None:
    # PySide creates its types at first use: two threads that used them at once crashed the window.
    script = """
import builtins, threading
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pathlib import Path
from desktop.paths import Home
from desktop.playback.session import Session
from desktop.ui.pages.player import panel as panel_module
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.sound import write_peaks

imported_in_threads, original_import = set(), builtins.__import__
def record_import(name, *arguments):
    if threading.current_thread() is not threading.main_thread() and name.split(".")[0] in ("PySide6", "pyqtgraph"):
        imported_in_threads.add(name)
    return original_import(name, *arguments)

application = QApplication(["unbraid", "-platform", "offscreen"])
home = Home(Path("nowhere"))
panel = panel_module.PlayerPanel(PlayerController(Session(), SongStateStore(home)), home)
builtins.__import__ = record_import
panel.preload_modules()
QTimer.singleShot(panel_module.PRELOAD_DELAY_MS + 400, application.quit)
application.exec()
for thread in threading.enumerate():
    if thread.name == "preload":
        thread.join()
import sys
print("desktop.ui.pages.player.lane_panel" in sys.modules, "desktop.playback.cue" in sys.modules, imported_in_threads)
"""
    process = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.split("\n")[-2] == "True True set()"


def test_samples_are_read_from_the_file_at_high_zoom(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, job)
    waveforms = waveform_view(panel)
    assert waveforms._samples is None
    with qtbot.waitSignal(waveforms.samples_requested):
        waveforms.view_box.show_range(1.0, 1.0005)
    start, end = waveforms.view_box.visible_range()
    assert (end - start) * SAMPLE_RATE < 23
    qtbot.waitUntil(lambda: waveforms._samples is not None and waveforms._samples.covers(start, end))
    assert waveforms._samples is not None
    vocals, first_frame = sf.read(job.stems[0].path, dtype="float32")[0], waveforms._samples.start
    np.testing.assert_array_equal(
        waveforms._samples.low[:, 0], vocals.min(axis=1)[first_frame : first_frame + len(waveforms._samples.low)]
    )
    columns = waveforms._samples.columns(0, start, end, 800)
    assert len(np.unique(columns[:, 1])) <= 2 * 24  # steps, not a curve through peaks
    waveforms.view_box.show_range(1.0001, 1.0006)  # nearby: the samples are not read again
    assert waveforms._samples.covers(*waveforms.view_box.visible_range())


def test_zoomed_view_is_scrolled_by_scroll_bar_and_keys(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, job: Job
) -> None:
    load_and_show(qtbot, panel, controller, job)
    waveforms = waveform_view(panel)
    (scroll_bar,) = [
        scroll_bar
        for scroll_bar in panel.findChildren(QScrollBar)
        if scroll_bar.accessibleName() == "Part of the song in view"
    ]
    assert not scroll_bar.isVisible()
    waveforms.view_box.show_range(0.5, 1.0)
    assert scroll_bar.isVisible()
    scroll_bar.setValue(scroll_bar.maximum())
    assert waveforms.view_box.visible_range() == pytest.approx((1.5, 2.0), abs=1e-3)
    qtbot.keyClick(waveforms, Qt.Key.Key_PageUp)
    assert waveforms.view_box.visible_range() == pytest.approx((1.0, 1.5), abs=1e-3)
    qtbot.keyClick(waveforms, Qt.Key.Key_Up)
    start, end = waveforms.view_box.visible_range()
    assert end - start == pytest.approx(0.4)
    waveforms.fit()
    assert not scroll_bar.isVisible()
