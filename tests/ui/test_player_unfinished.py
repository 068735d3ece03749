"""The player while a song is in work: its lanes fill, play and stay, and it says where it is listened to."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stage
from desktop.paths import Home
from desktop.playback.transport import Transport
from desktop.segments.grid import Segmentation
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.segments.store import SegmentStore, StoreManifest
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lane_header import LaneHeader, PendingLaneHeader
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.waveform.view import WaveformView
from tests.helpers.hand_device import ManualDevices
from tests.helpers.stems import make_unseparated_job, write_completed_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
RATE = 44100
FRAMES = 8 * RATE
NAMES = ("drums", "bass", "other", "vocals")
SHOWN = ("vocals", "drums", "bass", "other")


@pytest.fixture
def controller(qtbot: QtBot) -> Iterator[PlayerController]:
    transport = Transport()
    made = PlayerController(transport)
    yield made
    made.close()
    transport.close()


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> ManualDevices:
    made = ManualDevices()
    monkeypatch.setattr("desktop.playback.reader.Device", made)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, home: Home, monkeypatch: pytest.MonkeyPatch) -> PlayerPanel:
    monkeypatch.setattr("desktop.ui.pages.player.partial_results.PLAYHEAD_REPORT_INTERVAL_MS", 200)
    shown = PlayerPanel(controller, home)
    qtbot.addWidget(shown)
    shown.resize(1168, 468)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


@pytest.fixture
def job() -> Job:
    return replace(make_unseparated_job(), state=JobState.PROCESSING, stage=Stage.SEPARATING, token=1)


def begin(home: Home, job: Job, final: bool, names: tuple[str, ...] = NAMES) -> SegmentStore:
    folder = home.job_folder(job.id)
    how = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)
    about = StoreManifest("key", names, RATE, 2, FRAMES, how)
    return SegmentStore.create(folder.segments / "key" if final else folder.draft, about)


def fill(store: SegmentStore, *numbers: int) -> None:
    dice = np.random.default_rng(0)
    for segment in store.grid.segments:
        if not numbers or segment.number in numbers:
            shape = (len(store.manifest.sources), 2, segment.frames)
            store.write(segment, dice.uniform(-0.3, 0.3, shape).astype(np.float32), is_durable=False)


def heads(panel: PlayerPanel) -> list[LaneHeader]:
    return [head for head in panel.findChildren(LaneHeader) if head.isVisible()]


def hatched(panel: PlayerPanel) -> int:
    """Columns of the waveforms that bear stripes, of 100 across the song."""
    view = panel.findChild(WaveformView)
    assert view is not None
    return sum(view.is_unfinished(8.0 * (column + 0.5) / 100) for column in range(100))


def test_the_lanes_fill_with_the_draft_and_can_be_played(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    panel.show_job(job)
    assert panel.findChild(PendingLaneHeader) is not None
    fill(begin(home, job, final=False))
    panel.update_draft(job.id)
    qtbot.waitUntil(lambda: controller.is_ready)
    assert controller.lane_names == SHOWN
    assert len(heads(panel)) == 4
    assert hatched(panel) == 100
    assert controller.duration == pytest.approx(8.0)


def test_finished_parts_lose_their_stripes(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    final = begin(home, job, final=True)
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    fill(final, 0, 1, 2)
    panel.show_job(replace(job, progress=0.5))
    qtbot.waitUntil(lambda: 35 <= hatched(panel) <= 45)
    fill(final)
    panel.show_job(replace(job, progress=0.9))
    qtbot.waitUntil(lambda: hatched(panel) == 0)


def test_the_mix_and_the_place_stay_when_the_stems_are_there(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    done = write_completed_job(tmp_path / "stems")
    fill(begin(home, done, final=False, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(replace(job, id=done.id))
    qtbot.waitUntil(lambda: controller.is_ready)
    before = heads(panel)
    controller.toggle_mute(1)
    controller.seek_to_seconds(1.0)
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(done.frames / done.sample_rate))  # type: ignore[operator]
    assert heads(panel) == before
    assert controller.lane_mix(1).muted
    assert controller.position_seconds == pytest.approx(1.0, abs=0.01)
    assert hatched(panel) == 0


def test_a_model_with_more_stems_brings_its_lanes_and_keeps_the_place(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    controller.toggle_solo(0)
    controller.seek_to_seconds(3.0)
    begin(home, job, final=True, names=("drums", "bass", "other", "vocals", "guitar", "piano"))
    panel.show_job(replace(job, progress=0.1))
    qtbot.waitUntil(lambda: len(controller.lane_names) == 6)
    assert controller.lane_mix(0).soloed
    assert controller.position_seconds == pytest.approx(3.0, abs=0.01)


def test_a_seek_tells_the_worker_at_once_where_the_song_is_listened_to(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    with qtbot.waitSignal(
        panel.partial_results.playhead_reported, check_params_cb=lambda song, second: (song, second) == (job.id, 5.0)
    ):
        controller.seek_to_seconds(5.0)


def test_a_draft_is_asked_for_while_there_is_none(qtbot: QtBot, panel: PlayerPanel, job: Job) -> None:
    with qtbot.waitSignal(panel.partial_results.draft_requested, check_params_cb=lambda song: song == job.id):
        panel.show_job(job)


def test_a_draft_that_stopped_before_it_was_whole_is_asked_for_again(
    qtbot: QtBot, panel: PlayerPanel, home: Home, job: Job
) -> None:
    asked: list[str] = []
    panel.partial_results.draft_requested.connect(asked.append)
    draft = begin(home, job, final=False)
    fill(draft, 0, 1)
    panel.show_job(job)
    qtbot.waitUntil(lambda: asked == [job.id], timeout=10_000)
    fill(draft)
    (draft.folder / COMPLETE_MARKER).touch()
    asked.clear()
    with qtbot.assertNotEmitted(panel.partial_results.draft_requested, wait=700):
        panel.update_draft(job.id)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_song_that_ended_without_stems_cannot_be_played_any_more(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, state: JobState
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.is_ready)
    panel.show_job(replace(job, state=state, error="It broke."))
    assert not controller.is_ready
    assert heads(panel) == []


def test_playing_goes_on_when_the_segments_are_deleted_before_the_end_is_told(
    qtbot: QtBot,
    panel: PlayerPanel,
    controller: PlayerController,
    home: Home,
    job: Job,
    tmp_path: Path,
    devices: ManualDevices,
) -> None:
    done = write_completed_job(tmp_path / "stems", seconds=8)
    running, folder = replace(job, id=done.id), home.job_folder(done.id)
    fill(begin(home, done, final=True, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(running)
    qtbot.waitUntil(lambda: controller.is_ready)
    before = heads(panel)
    controller.toggle_playback()
    qtbot.waitUntil(lambda: devices.is_playing)
    devices.render(RATE)
    folder.delete_work_files()
    with qtbot.waitSignal(panel.partial_results.results_changed):
        panel.show_job(running)
    assert controller.is_playing
    assert heads(panel) == before
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(done.frames / done.sample_rate))  # type: ignore[operator]
    assert controller.is_playing
    assert heads(panel) == before
    assert controller.position_seconds == pytest.approx(1.0, abs=0.1)
    qtbot.waitUntil(lambda: bool(devices.render(441).any()))


@pytest.mark.usefixtures("devices")
def test_play_that_was_pressed_before_the_segments_were_deleted_plays_the_stems(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    done = write_completed_job(tmp_path / "stems")
    fill(begin(home, done, final=True, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(replace(job, id=done.id))
    controller.toggle_playback()  # while it is being opened
    home.job_folder(done.id).delete_work_files()
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.is_playing)
