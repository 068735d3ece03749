"""From the drop of a song to its first sound, with a warm worker. Prints; never fails.

A full-size HTDemucs of random weights: the compute is that of the real one.
"""

import statistics
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.jobs.model import JobOptions, JobState
from desktop.models.shelf import Shelf
from desktop.paths import Home
from desktop.segments.unfinished import Unfinished
from tests.helpers.engines import write_full_htdemucs
from tests.helpers.library import Library, running_library

pytestmark = pytest.mark.bench
RATE = 44100
RUNS = 5
LENGTHS = {"4 min": 240, "1 h": 3600}


@pytest.mark.timeout(3600)
def test_from_the_drop_to_the_first_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "library").prepare()
    Shelf(home).import_file(write_full_htdemucs(tmp_path / "full.th"), "full")
    with running_library(home.root, drafts=True) as library:
        warm = library.service.add(song(tmp_path / "warm.flac", 10), JobOptions(model="full"))
        library.wait_for(warm, JobState.COMPLETED)
        for name, seconds in LENGTHS.items():
            track = song(tmp_path / f"{seconds}.flac", seconds)
            times = [one(library, home, track) for _ in range(RUNS if seconds < 1000 else 1)]
            medians = [statistics.median(each) for each in zip(*times, strict=True)]
            with capsys.disabled():
                words = ("the draft begins", "the draft is whole", "the model's first sound")
                told = ", ".join(f"{word} after {median:.1f} s" for word, median in zip(words, medians, strict=True))
                print(f"\n{name}: {told} (median of {len(times)})", end="")


def song(path: Path, seconds: int) -> Path:
    dice = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(seconds):
            file.write(dice.normal(0, 0.1, (RATE, 2)))
    return path


def one(library: Library, home: Home, track: Path) -> tuple[float, float, float]:
    """Seconds until the draft begins, until it is whole, and until the model's first sound."""
    began = time.perf_counter()
    job = library.service.add(track, JobOptions(model="full"))
    library.service.draft(job.id)
    found: dict[str, float] = {}
    unfinished = Unfinished(home.job(job.id).segments, home.job(job.id).draft)

    def all_there() -> bool:
        unfinished.look()
        for name, store in (("draft", unfinished.draft), ("final", unfinished.final)):
            if store and store.ready(0, RATE):
                found.setdefault(name, time.perf_counter() - began)
        if (home.job(job.id).draft / "complete").exists():
            found.setdefault("whole", time.perf_counter() - began)
        return len(found) == 3

    library.wait_until(all_there, patience=600)
    library.service.cancel(job.id)
    library.wait_for(job, JobState.CANCELLED)
    return found["draft"], found["whole"], found["final"]
