"""A claim that is held: when a song counts as one that has come to a standstill."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop import change_watch
from desktop.jobs.model import JobOptions
from desktop.tasks import claim
from desktop.tasks.claim import STALLED, HeldClaim
from tests.helpers.bench import Bench
from tests.helpers.library import until, write_song


@pytest.fixture
def held(tmp_path: Path) -> Callable[[Callable[[bool, float], None]], HeldClaim]:
    bench = Bench(tmp_path / "library")
    job = bench.store.claim(bench.service.add(write_song(tmp_path / "song.wav", 1.0), JobOptions(model="sketch")).id)
    assert job is not None
    return lambda on_overdue: HeldClaim(bench.store, bench.events, job, on_overdue)


def test_a_song_without_progress_has_stalled(
    held: Callable[[Callable[[bool, float], None]], HeldClaim], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "STALLED", 1.0)
    stalled: list[bool] = []
    with held(lambda stall, _: stalled.append(stall)):
        until(lambda: bool(stalled))
    assert stalled == [True]


def test_a_computer_that_slept_is_no_standstill(
    held: Callable[[Callable[[bool, float], None]], HeldClaim], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept, looks, stalled = [0.0], [0], list[bool]()

    def now() -> float:
        looks[0] += 1
        return time.monotonic() + slept[0]

    monkeypatch.setattr(change_watch, "monotonic", now)
    with held(lambda stall, _: stalled.append(stall)):
        for _ in range(3):
            slept[0] += 2 * STALLED
            seen = looks[0]
            until(lambda: looks[0] > seen + 2, every=0.02)  # noqa: B023
    assert stalled == []
