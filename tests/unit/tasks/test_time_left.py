"""How long a job takes yet is told when it was measured, here or for the song before, and is not told before."""

from pathlib import Path

import pytest

from desktop.jobs.model import JobOptions, Stage
from desktop.jobs.speeds import load_speeds, save_speed, speed_key
from desktop.paths import Home
from desktop.settings import Settings
from desktop.tasks import heartbeat
from desktop.tasks.heartbeat import TimeLeftEstimator
from tests.helpers.bench import InProcessLibrary
from tests.helpers.library import write_song


class Clock:
    """Time as a test has it pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(heartbeat, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_nothing_is_told_before_a_segment_was_measured(clock: Clock) -> None:
    left = TimeLeftEstimator(200.0)
    left.update(Stage.DECODING, 0.04)  # a whole song is read in a moment, which says nothing of its separation
    clock.now += 2
    assert left.seconds is None
    left.update(Stage.SEPARATING, 0.05)
    clock.now += 30
    assert left.seconds is None
    left.update(Stage.SEPARATING, 0.15)
    assert left.seconds == pytest.approx(30 / 0.10 * 0.85)


def test_a_speed_that_is_remembered_is_told_from_the_start_and_then_the_measured_one(clock: Clock) -> None:
    left = TimeLeftEstimator(200.0)
    left.set_expected_speed(0.5, lambda _: None)
    left.update(Stage.DECODING, 0.0)
    assert left.seconds == pytest.approx(100.0)
    left.update(Stage.SEPARATING, 0.05)
    clock.now += 40
    left.update(Stage.SEPARATING, 0.15)
    assert left.seconds == pytest.approx(40 / 0.10 * 0.85)


def test_a_job_that_goes_on_counts_its_kept_segments_neither_as_work_nor_as_undone(clock: Clock) -> None:
    left = TimeLeftEstimator(200.0)
    left.update(Stage.SEPARATING, 0.5)
    clock.now += 20
    left.update(Stage.SEPARATING, 0.6)
    assert left.seconds == pytest.approx(20 / 0.1 * 0.4)


def test_a_download_has_no_time(clock: Clock) -> None:
    left = TimeLeftEstimator(200.0)
    left.set_expected_speed(0.5, lambda _: None)
    left.update(Stage.DOWNLOADING, 0.9)
    assert left.seconds is None


def test_what_is_measured_is_remembered_now_and_then_and_at_the_end(clock: Clock) -> None:
    kept: list[float] = []
    left = TimeLeftEstimator(200.0)
    left.set_expected_speed(None, kept.append)
    left.update(Stage.SEPARATING, 0.05)
    for _ in range(20):  # a sign of life every half a second
        clock.now += 0.5
        left.update(Stage.SEPARATING, 0.05 + 0.01 * (clock.now - 100))
        left.save_measured_speed()
    assert kept == [pytest.approx(0.5)]
    left.save_measured_speed(force=True)
    assert len(kept) == 2


def test_a_short_song_changes_nothing_that_is_known(clock: Clock) -> None:
    kept: list[float] = []
    left = TimeLeftEstimator(5.0)
    left.set_expected_speed(0.5, kept.append)
    left.update(Stage.SEPARATING, 0.05)
    clock.now += 9
    left.update(Stage.SEPARATING, 0.9)
    left.save_measured_speed(force=True)
    assert kept == []


def test_a_song_leaves_its_speed_for_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_MIN_WORK_S", 0.0)
    bench = InProcessLibrary(tmp_path / "library")
    job = bench.service.add(write_song(tmp_path / "song.wav", 2.0), JobOptions(model="sketch"))
    bench.runner.run(job.id)
    key = speed_key("sketch", job.options, False, Settings())
    assert 0 < load_speeds(bench.home)[key] < 60


@pytest.mark.parametrize("written", ["", "[]", "{", '{"a": "x"}', '{"a": NaN}', '{"a": -1}', '{"a": null}'])
def test_a_damaged_file_of_speeds_holds_none(tmp_path: Path, written: str) -> None:
    home = Home(tmp_path).create_folders()
    home.model_speeds.write_text(written)
    assert load_speeds(home) == {}
    save_speed(home, "b", 0.25)
    assert load_speeds(home) == {"b": 0.25}


def test_the_last_fifty_speeds_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path).create_folders()
    for number in range(60):
        save_speed(home, f"{number % 55}", number + 1.0)
    speeds = load_speeds(home)
    assert len(speeds) == 50
    assert speeds["4"] == 60.0
