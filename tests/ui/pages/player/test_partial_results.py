"""The player on a processing job: its lanes fill and can be played, and it reports the playhead."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState
from desktop.paths import Home
from desktop.segments.grid import Segmentation
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.segments.store import SegmentStore, StoreManifest
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header import LaneHeader
from desktop.ui.pages.player.lane_panel import LanePanel
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.pending_lane_header import PendingLaneHeader
from desktop.ui.pages.player.spectrogram_reader import SpectrogramReader
from desktop.ui.waveform.spectrogram import TileKey
from desktop.ui.waveform.view import WaveformView
from tests.helpers.jobs import make_job
from tests.helpers.manual_device import ManualDevices
from tests.helpers.stems import write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
SAMPLE_RATE = 44100
FRAME_COUNT = 8 * SAMPLE_RATE
MODEL_SOURCES = ("drums", "bass", "other", "vocals")
DISPLAY_ORDER = ("vocals", "drums", "bass", "other")


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    manual_devices = ManualDevices()
    monkeypatch.setattr("desktop.playback.player_output.Device", manual_devices)
    return manual_devices


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, home: Home, monkeypatch: pytest.MonkeyPatch) -> PlayerPanel:
    monkeypatch.setattr("desktop.ui.pages.player.partial_results.PLAYHEAD_REPORT_INTERVAL_MS", 200)
    widget = PlayerPanel(controller, home)
    qtbot.addWidget(widget)
    widget.resize(1168, 468)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def job() -> Job:
    return replace(make_job(), state=JobState.PROCESSING, stage=Stage.SEPARATING, token=1)


def create_segment_store(home: Home, job: Job, final: bool, names: tuple[str, ...] = MODEL_SOURCES) -> SegmentStore:
    folder = home.job_folder(job.id)
    segmentation = Segmentation(length=2 * SAMPLE_RATE, stride=3 * SAMPLE_RATE // 2, normalise=True)
    manifest = StoreManifest("key", names, SAMPLE_RATE, 2, FRAME_COUNT, segmentation)
    return SegmentStore.create(folder.segments / "key" if final else folder.draft, manifest)


def write_segments(store: SegmentStore, *numbers: int) -> None:
    generator = np.random.default_rng(0)
    for segment in store.grid.segments:
        if not numbers or segment.number in numbers:
            shape = (len(store.manifest.sources), 2, segment.frames)
            store.write(segment, generator.uniform(-0.3, 0.3, shape).astype(np.float32), is_durable=False)


def visible_lane_headers(panel: PlayerPanel) -> list[LaneHeader]:
    return [header for header in panel.findChildren(LaneHeader) if header.isVisible()]


def count_hatched_columns(panel: PlayerPanel) -> int:
    """Return how many of 100 columns across the track are hatched as unfinished."""
    view = panel.findChild(WaveformView)
    assert view is not None
    return sum(
        any(start <= 8.0 * (column + 0.5) / 100 < end for start, end in view._unfinished_item._spans)
        for column in range(100)
    )


def test_lanes_of_a_draft_are_shown_and_can_be_played(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    panel.show_job(job)
    assert panel.findChild(PendingLaneHeader) is not None
    write_segments(create_segment_store(home, job, final=False))
    panel.update_draft(job.id)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert controller.lane_names == DISPLAY_ORDER
    assert len(visible_lane_headers(panel)) == 4
    assert count_hatched_columns(panel) == 100
    assert controller.duration == pytest.approx(8.0)
    assert not any(header.drag_handles[0].toolTip() for header in visible_lane_headers(panel))  # nothing to drag yet


def test_finished_segments_lose_their_hatching(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    write_segments(create_segment_store(home, job, final=False))
    final = create_segment_store(home, job, final=True)
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    write_segments(final, 0, 1, 2)
    panel.show_job(replace(job, progress=0.5))
    qtbot.waitUntil(lambda: 35 <= count_hatched_columns(panel) <= 45)
    write_segments(final)
    panel.show_job(replace(job, progress=0.9))
    qtbot.waitUntil(lambda: count_hatched_columns(panel) == 0)


def test_new_segment_computes_only_the_spectrogram_tiles_that_show_it(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    write_segments(create_segment_store(home, job, final=False))
    final = create_segment_store(home, job, final=True)
    write_segments(final, 0)
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    view, delivered = panel.waveforms, list[TileKey]()
    assert view is not None
    lanes = panel.findChild(LanePanel)
    assert lanes is not None
    lanes.findChild(SpectrogramReader).tile_ready.connect(lambda key, tile: delivered.append(key))
    state = controller.practice.state
    controller.practice.apply(replace(state, view=replace(state.view, is_spectrogram=True)))
    qtbot.waitUntil(lambda: len(delivered) >= 5)
    count = len(delivered)
    write_segments(final, 4)  # from second 6 to 8
    panel.show_job(replace(job, progress=0.5))
    qtbot.waitUntil(lambda: len(delivered) > count and not view._tiles.missing(0.0, 8.0, view.width()))
    again = delivered[count:]
    assert len(set(again)) == len(again) < count
    assert all(key.uses(6 * SAMPLE_RATE, 8 * SAMPLE_RATE) for key in again)
    panel.stop_reading()


def test_mix_and_position_are_kept_when_the_stems_replace_the_segments(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    completed = write_completed_job(tmp_path / "stems")
    write_segments(
        create_segment_store(home, completed, final=False, names=tuple(stem.name for stem in completed.stems))
    )
    panel.show_job(replace(job, id=completed.id))
    qtbot.waitUntil(lambda: controller.is_ready)
    headers = visible_lane_headers(panel)
    controller.mix.toggle_mute(1)
    controller.seek_to_seconds(1.0)
    panel.show_job(completed)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(completed.frames / completed.sample_rate))  # type: ignore[operator]
    assert visible_lane_headers(panel) == headers
    assert controller.mix.lane_mix(1).mute
    assert controller.position_seconds == pytest.approx(1.0, abs=0.01)
    assert count_hatched_columns(panel) == 0


def test_lanes_of_a_model_with_more_stems_are_added_and_the_position_is_kept(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    write_segments(create_segment_store(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    controller.mix.toggle_solo(0)
    controller.seek_to_seconds(3.0)
    create_segment_store(home, job, final=True, names=("drums", "bass", "other", "vocals", "guitar", "piano"))
    panel.show_job(replace(job, progress=0.1))
    qtbot.waitUntil(lambda: len(controller.lane_names) == 6)
    assert controller.mix.lane_mix(0).solo
    assert controller.position_seconds == pytest.approx(3.0, abs=0.01)


def test_seek_reports_the_playhead_at_once(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    write_segments(create_segment_store(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    with qtbot.waitSignal(
        panel.partial_results.playhead_reported,
        check_params_cb=lambda job_id, position_s: (job_id, position_s) == (job.id, 5.0),
    ):
        controller.seek_to_seconds(5.0)


def test_missing_draft_is_requested(qtbot: QtBot, panel: PlayerPanel, job: Job) -> None:
    with qtbot.waitSignal(panel.partial_results.draft_requested, check_params_cb=lambda job_id: job_id == job.id):
        panel.show_job(job)


def test_incomplete_draft_is_requested_again_and_a_complete_one_is_not(
    qtbot: QtBot, panel: PlayerPanel, home: Home, job: Job
) -> None:
    requests: list[str] = []
    panel.partial_results.draft_requested.connect(requests.append)
    draft = create_segment_store(home, job, final=False)
    write_segments(draft, 0, 1)
    panel.show_job(job)
    qtbot.waitUntil(lambda: requests == [job.id])
    write_segments(draft)
    (draft.folder / COMPLETE_MARKER).touch()
    requests.clear()
    with qtbot.assertNotEmitted(panel.partial_results.draft_requested, wait=700):
        panel.update_draft(job.id)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_job_that_ended_without_stems_is_unloaded(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, state: JobState
) -> None:
    write_segments(create_segment_store(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    panel.show_job(replace(job, state=state, error=verbatim("It broke.")))
    assert not controller.is_ready
    assert visible_lane_headers(panel) == []


def test_playback_continues_when_segments_are_deleted_before_the_job_is_completed(
    qtbot: QtBot,
    panel: PlayerPanel,
    controller: PlayerController,
    home: Home,
    job: Job,
    tmp_path: Path,
    devices: ManualDevices,
) -> None:
    completed = write_completed_job(tmp_path / "stems", seconds=8)
    running, folder = replace(job, id=completed.id), home.job_folder(completed.id)
    write_segments(
        create_segment_store(home, completed, final=True, names=tuple(stem.name for stem in completed.stems))
    )
    panel.show_job(running)
    qtbot.waitUntil(lambda: controller.is_ready)
    headers = visible_lane_headers(panel)
    controller.toggle_playback()
    qtbot.waitUntil(lambda: devices.is_playing)
    qtbot.waitUntil(lambda: len(devices.render(SAMPLE_RATE // 10)) > 0 and controller.position_seconds > 0.95)
    folder.delete_work_files()
    with qtbot.waitSignal(panel.partial_results.results_changed):
        panel.show_job(running)
    assert controller.is_playing
    assert visible_lane_headers(panel) == headers
    panel.show_job(completed)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(completed.frames / completed.sample_rate))  # type: ignore[operator]
    assert controller.is_playing
    assert visible_lane_headers(panel) == headers
    assert controller.position_seconds == pytest.approx(1.0, abs=0.1)
    qtbot.waitUntil(lambda: bool(devices.render(441).any()))


@pytest.mark.usefixtures("devices")
def test_play_pressed_before_segments_are_deleted_starts_with_the_stems(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    completed = write_completed_job(tmp_path / "stems")
    write_segments(
        create_segment_store(home, completed, final=True, names=tuple(stem.name for stem in completed.stems))
    )
    panel.show_job(replace(job, id=completed.id))
    controller.toggle_playback()  # while the segments are loading
    home.job_folder(completed.id).delete_work_files()
    panel.show_job(completed)
    qtbot.waitUntil(lambda: controller.is_playing)
