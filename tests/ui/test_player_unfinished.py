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
from desktop.segments.cut import Segmentation
from desktop.segments.store import About, SegmentStore
from desktop.segments.unfinished import COMPLETE
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.lane import LaneHead
from desktop.ui.player.player_panel import PlayerPanel
from desktop.ui.player.waiting_head import WaitingHead
from desktop.ui.waveform.view import WaveformView
from tests.helpers.hand_device import HandDevices
from tests.helpers.stems import completed_job, waiting_job

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
def devices(monkeypatch: pytest.MonkeyPatch) -> HandDevices:
    made = HandDevices()
    monkeypatch.setattr("desktop.playback.reader.Device", made)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


@pytest.fixture
def panel(qtbot: QtBot, controller: PlayerController, home: Home, monkeypatch: pytest.MonkeyPatch) -> PlayerPanel:
    monkeypatch.setattr("desktop.ui.player.growing.ATTEND_MS", 200)
    shown = PlayerPanel(controller, home)
    qtbot.addWidget(shown)
    shown.resize(1168, 468)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


@pytest.fixture
def job() -> Job:
    return replace(waiting_job(), state=JobState.PROCESSING, stage=Stage.SEPARATING, token=1)


def begin(home: Home, job: Job, final: bool, names: tuple[str, ...] = NAMES) -> SegmentStore:
    folder = home.job(job.id)
    how = Segmentation(length=2 * RATE, stride=3 * RATE // 2, normalise=True)
    about = About("key", names, RATE, 2, FRAMES, how)
    return SegmentStore.create(folder.segments / "key" if final else folder.draft, about)


def fill(store: SegmentStore, *numbers: int) -> None:
    dice = np.random.default_rng(0)
    for segment in store.cut.segments:
        if not numbers or segment.number in numbers:
            shape = (len(store.about.sources), 2, segment.frames)
            store.put(segment, dice.uniform(-0.3, 0.3, shape).astype(np.float32), durable=False)


def heads(panel: PlayerPanel) -> list[LaneHead]:
    return [head for head in panel.findChildren(LaneHead) if head.isVisible()]


def hatched(panel: PlayerPanel) -> int:
    """Columns of the waveforms that bear stripes, of 100 across the song."""
    view = panel.findChild(WaveformView)
    assert view is not None
    return sum(view.is_unfinished(8.0 * (column + 0.5) / 100) for column in range(100))


def test_the_lanes_fill_with_the_draft_and_can_be_played(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    panel.show_job(job)
    assert panel.findChild(WaitingHead) is not None
    fill(begin(home, job, final=False))
    panel.update_draft(job.id)
    qtbot.waitUntil(lambda: controller.ready)
    assert controller.lanes == SHOWN
    assert len(heads(panel)) == 4
    assert hatched(panel) == 100
    assert controller.duration == pytest.approx(8.0)


def test_finished_parts_lose_their_stripes(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    final = begin(home, job, final=True)
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.ready)
    fill(final, 0, 1, 2)
    panel.show_job(replace(job, progress=0.5))
    qtbot.waitUntil(lambda: 35 <= hatched(panel) <= 45)
    fill(final)
    panel.show_job(replace(job, progress=0.9))
    qtbot.waitUntil(lambda: hatched(panel) == 0)


def test_the_mix_and_the_place_stay_when_the_stems_are_there(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    done = completed_job(tmp_path / "stems")
    fill(begin(home, done, final=False, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(replace(job, id=done.id))
    qtbot.waitUntil(lambda: controller.ready)
    before = heads(panel)
    controller.toggle_mute(1)
    controller.seek_seconds(1.0)
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(done.frames / done.sample_rate))  # type: ignore[operator]
    assert heads(panel) == before
    assert controller.lane(1).muted
    assert controller.seconds == pytest.approx(1.0, abs=0.01)
    assert hatched(panel) == 0


def test_a_model_with_more_stems_brings_its_lanes_and_keeps_the_place(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.ready)
    controller.toggle_solo(0)
    controller.seek_seconds(3.0)
    begin(home, job, final=True, names=("drums", "bass", "other", "vocals", "guitar", "piano"))
    panel.show_job(replace(job, progress=0.1))
    qtbot.waitUntil(lambda: len(controller.lanes) == 6)
    assert controller.lane(0).soloed
    assert controller.seconds == pytest.approx(3.0, abs=0.01)


def test_a_seek_tells_the_worker_at_once_where_the_song_is_listened_to(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.ready)
    with qtbot.waitSignal(
        panel.growing.listening, check_params_cb=lambda song, second: (song, second) == (job.id, 5.0)
    ):
        controller.seek_seconds(5.0)


def test_a_draft_is_asked_for_while_there_is_none(qtbot: QtBot, panel: PlayerPanel, job: Job) -> None:
    with qtbot.waitSignal(panel.growing.draft_wanted, check_params_cb=lambda song: song == job.id):
        panel.show_job(job)


def test_a_draft_that_stopped_before_it_was_whole_is_asked_for_again(
    qtbot: QtBot, panel: PlayerPanel, home: Home, job: Job
) -> None:
    asked: list[str] = []
    panel.growing.draft_wanted.connect(asked.append)
    draft = begin(home, job, final=False)
    fill(draft, 0, 1)
    panel.show_job(job)
    qtbot.waitUntil(lambda: asked == [job.id], timeout=10_000)
    fill(draft)
    (draft.folder / COMPLETE).touch()
    asked.clear()
    with qtbot.assertNotEmitted(panel.growing.draft_wanted, wait=700):
        panel.update_draft(job.id)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_song_that_ended_without_stems_cannot_be_played_any_more(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, state: JobState
) -> None:
    fill(begin(home, job, final=False))
    panel.show_job(job)
    qtbot.waitUntil(lambda: controller.ready)
    panel.show_job(replace(job, state=state, error="It broke."))
    assert not controller.ready
    assert heads(panel) == []


def test_playing_goes_on_when_the_segments_are_deleted_before_the_end_is_told(
    qtbot: QtBot,
    panel: PlayerPanel,
    controller: PlayerController,
    home: Home,
    job: Job,
    tmp_path: Path,
    devices: HandDevices,
) -> None:
    done = completed_job(tmp_path / "stems", seconds=8)
    running, folder = replace(job, id=done.id), home.job(done.id)
    fill(begin(home, done, final=True, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(running)
    qtbot.waitUntil(lambda: controller.ready)
    before = heads(panel)
    controller.toggle()
    qtbot.waitUntil(lambda: devices.playing)
    devices.hear(RATE)
    folder.forget_work()
    with qtbot.waitSignal(panel.growing.grown):
        panel.show_job(running)
    assert controller.playing
    assert heads(panel) == before
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.duration == pytest.approx(done.frames / done.sample_rate))  # type: ignore[operator]
    assert controller.playing
    assert heads(panel) == before
    assert controller.seconds == pytest.approx(1.0, abs=0.1)
    qtbot.waitUntil(lambda: bool(devices.hear(441).any()))


@pytest.mark.usefixtures("devices")
def test_play_that_was_pressed_before_the_segments_were_deleted_plays_the_stems(
    qtbot: QtBot, panel: PlayerPanel, controller: PlayerController, home: Home, job: Job, tmp_path: Path
) -> None:
    done = completed_job(tmp_path / "stems")
    fill(begin(home, done, final=True, names=tuple(stem.name for stem in done.stems)))
    panel.show_job(replace(job, id=done.id))
    controller.toggle()  # while it is being opened
    home.job(done.id).forget_work()
    panel.show_job(done)
    qtbot.waitUntil(lambda: controller.playing)
