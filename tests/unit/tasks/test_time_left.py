"""Time left: estimated from the measured speed of this job or an earlier one, and unknown before that."""

from pathlib import Path

import pytest

from desktop.jobs.model import JobOptions
from desktop.jobs.speeds import load_speeds, save_speed, speed_key
from desktop.paths import Home
from desktop.settings import Settings
from desktop.stage import Stage
from desktop.tasks import heartbeat
from desktop.tasks.heartbeat import TimeLeftEstimator
from tests.helpers.bench import InProcessLibrary
from tests.helpers.library import write_song


class Clock:
    """A clock that the test advances."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(heartbeat, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_time_left_is_unknown_before_the_first_measured_segment(clock: Clock) -> None:
    estimator = TimeLeftEstimator(200.0)
    estimator.update(Stage.DECODING, 0.04)  # decoding takes a moment and says nothing about the speed of separation
    clock.now += 2
    assert estimator.seconds is None
    estimator.update(Stage.SEPARATING, 0.05)
    clock.now += 30
    assert estimator.seconds is None
    estimator.update(Stage.SEPARATING, 0.15)
    assert estimator.seconds == pytest.approx(30 / 0.10 * 0.85)


def test_time_left_uses_the_saved_speed_first_and_then_the_measured_one(clock: Clock) -> None:
    estimator = TimeLeftEstimator(200.0)
    estimator.set_expected_speed(0.5, lambda _: None)
    estimator.update(Stage.DECODING, 0.0)
    assert estimator.seconds == pytest.approx(100.0)
    estimator.update(Stage.SEPARATING, 0.05)
    clock.now += 40
    estimator.update(Stage.SEPARATING, 0.15)
    assert estimator.seconds == pytest.approx(40 / 0.10 * 0.85)


def test_kept_segments_of_a_resumed_job_count_neither_as_work_nor_as_remaining(clock: Clock) -> None:
    estimator = TimeLeftEstimator(200.0)
    estimator.update(Stage.SEPARATING, 0.5)
    clock.now += 20
    estimator.update(Stage.SEPARATING, 0.6)
    assert estimator.seconds == pytest.approx(20 / 0.1 * 0.4)


def test_time_left_is_unknown_during_a_download(clock: Clock) -> None:
    estimator = TimeLeftEstimator(200.0)
    estimator.set_expected_speed(0.5, lambda _: None)
    estimator.update(Stage.DOWNLOADING, 0.9)
    assert estimator.seconds is None


def test_measured_speed_is_saved_at_intervals_and_when_forced(clock: Clock) -> None:
    saved: list[float] = []
    estimator = TimeLeftEstimator(200.0)
    estimator.set_expected_speed(None, saved.append)
    estimator.update(Stage.SEPARATING, 0.05)
    for _ in range(20):  # a progress report every half second
        clock.now += 0.5
        estimator.update(Stage.SEPARATING, 0.05 + 0.01 * (clock.now - 100))
        estimator.save_measured_speed()
    assert saved == [pytest.approx(0.5)]
    estimator.save_measured_speed(force=True)
    assert len(saved) == 2


def test_short_track_does_not_change_the_saved_speed(clock: Clock) -> None:
    saved: list[float] = []
    estimator = TimeLeftEstimator(5.0)
    estimator.set_expected_speed(0.5, saved.append)
    estimator.update(Stage.SEPARATING, 0.05)
    clock.now += 9
    estimator.update(Stage.SEPARATING, 0.9)
    estimator.save_measured_speed(force=True)
    assert saved == []


def test_completed_job_saves_its_speed_for_the_next_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_MIN_WORK_S", 0.0)
    bench = InProcessLibrary(tmp_path / "library")
    job = bench.service.add(write_song(tmp_path / "song.wav", 2.0), JobOptions(model="sketch"))
    bench.runner.run(job.id)
    key = speed_key("sketch", job.options, False, Settings())
    assert 0 < load_speeds(bench.home)[key] < 60


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "x"}', '{"a": NaN}', '{"a": -1}', '{"a": null}'])
def test_damaged_speeds_file_counts_as_empty_and_is_replaced(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path).create_folders()
    home.model_speeds.write_text(content)
    assert load_speeds(home) == {}
    save_speed(home, "b", 0.25)
    assert load_speeds(home) == {"b": 0.25}


def test_only_the_last_fifty_speeds_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path).create_folders()
    for number in range(60):
        save_speed(home, f"{number % 55}", number + 1.0)
    speeds = load_speeds(home)
    assert len(speeds) == 50
    assert speeds["4"] == 60.0
