"""A claim that is held: when a song counts as one that has come to a standstill."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.jobs.model import JobOptions
from desktop.runtime import stall_timer
from desktop.tasks import heartbeat
from desktop.tasks.heartbeat import STALL_TIMEOUT_S, Heartbeat
from tests.helpers.bench import InProcessLibrary
from tests.helpers.library import wait_until, write_song


@pytest.fixture
def held(tmp_path: Path) -> Callable[[Callable[[bool, float], None]], Heartbeat]:
    bench = InProcessLibrary(tmp_path / "library")
    job = bench.store.claim(bench.service.add(write_song(tmp_path / "song.wav", 1.0), JobOptions(model="sketch")).id)
    assert job is not None
    return lambda on_overdue: Heartbeat(bench.store, bench.events, job, on_overdue)


def test_a_song_without_progress_has_stalled(
    held: Callable[[Callable[[bool, float], None]], Heartbeat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "STALL_TIMEOUT_S", 1.0)
    stalled: list[bool] = []
    with held(lambda stall, _: stalled.append(stall)):
        wait_until(lambda: bool(stalled))
    assert stalled == [True]


def test_a_computer_that_slept_is_no_standstill(
    held: Callable[[Callable[[bool, float], None]], Heartbeat], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept, looks, stalled = [0.0], [0], list[bool]()

    def now() -> float:
        looks[0] += 1
        return time.monotonic() + slept[0]

    monkeypatch.setattr(stall_timer, "monotonic", now)
    with held(lambda stall, _: stalled.append(stall)):
        for _ in range(3):
            slept[0] += 2 * STALL_TIMEOUT_S
            seen = looks[0]
            wait_until(lambda: looks[0] > seen + 2, interval_s=0.02)  # noqa: B023
    assert stalled == []
