"""Heartbeat: when a job counts as stalled."""

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
    job = bench.store.ownership.claim(
        bench.service.add(write_song(tmp_path / "song.wav", 1.0), JobOptions(model="sketch")).id
    )
    assert job is not None
    return lambda on_overdue: Heartbeat(bench.store, bench.events, job, on_overdue)


def test_job_without_progress_is_reported_as_stalled(
    held: Callable[[Callable[[bool, float], None]], Heartbeat], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "STALL_TIMEOUT_S", 1.0)
    stalled: list[bool] = []
    with held(lambda stall, _: stalled.append(stall)):
        wait_until(lambda: bool(stalled))
    assert stalled == [True]


def test_sleep_of_the_computer_does_not_count_as_a_stall(
    held: Callable[[Callable[[bool, float], None]], Heartbeat], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept, clock_reads, stalled = [0.0], [0], list[bool]()

    def now() -> float:
        clock_reads[0] += 1
        return time.monotonic() + slept[0]

    monkeypatch.setattr(stall_timer, "monotonic", now)
    with held(lambda stall, _: stalled.append(stall)):
        for _ in range(3):
            slept[0] += 2 * STALL_TIMEOUT_S
            reads_before = clock_reads[0]
            wait_until(lambda: clock_reads[0] > reads_before + 2, interval_s=0.02)  # noqa: B023
    assert stalled == []
