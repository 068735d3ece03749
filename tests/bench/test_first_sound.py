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
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.segments.partial_result import COMPLETE_MARKER, PartialResult
from tests.helpers.engines import write_full_htdemucs
from tests.helpers.library import RunningLibrary, running_library, wait_until

pytestmark = pytest.mark.bench
RATE = 44100
RUNS = 5
WORDS = {"draft": "the draft begins", "whole": "the draft is whole", "final": "the model's first sound"}


@pytest.mark.timeout(3600)
def test_from_the_drop_to_the_first_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "library").create_folders()
    ModelStore(home).import_file(write_full_htdemucs(tmp_path / "full.th"), "full")
    short, long = song(tmp_path / "short.flac", 240), song(tmp_path / "long.flac", 3600)
    with running_library(home.root, drafts=True) as library:
        warm = song(tmp_path / "warm.flac", 10)
        both, draft = ("draft", "whole", "final"), ("draft", "whole")
        told = {"4 min": [one(library, home, short, both, warm) for _ in range(RUNS)]}
        told["1 h"] = [one(library, home, long, both, warm)]
        library.service.pause_queue()
        told["4 min, draft alone"] = [one(library, home, short, draft) for _ in range(RUNS)]
        told["1 h, draft alone"] = [one(library, home, long, draft)]
    with capsys.disabled():
        for name, times in told.items():
            print(f"\n{name} (median of {len(times)}): ", end="")
            medians = {what: statistics.median(each[what] for each in times) for what in times[0]}
            print(", ".join(f"{WORDS[what]} after {seconds:.2f} s" for what, seconds in medians.items()), end="")


def song(path: Path, seconds: int) -> Path:
    dice = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(seconds):
            file.write(dice.normal(0, 0.1, (RATE, 2)))
    return path


def one(
    library: RunningLibrary, home: Home, track: Path, wanted: tuple[str, ...], warm: Path | None = None
) -> dict[str, float]:
    """Seconds from the drop until each of what is wanted, after `warm` was separated: a cancel may end the worker."""
    if warm:
        library.wait_for(library.service.add(warm, JobOptions(model="full")), JobState.COMPLETED)
    began = time.perf_counter()
    job = library.service.add(track, JobOptions(model="full"))
    library.service.request_draft(job.id)
    found: dict[str, float] = {}
    unfinished = PartialResult(home.job_folder(job.id).segments, home.job_folder(job.id).draft)

    def all_there() -> bool:
        unfinished.refresh()
        for name, store in (("draft", unfinished.draft), ("final", unfinished.final)):
            if store and store.is_ready(0, RATE):
                found.setdefault(name, time.perf_counter() - began)
        if (home.job_folder(job.id).draft / COMPLETE_MARKER).exists():
            found.setdefault("whole", time.perf_counter() - began)
        return found.keys() >= set(wanted)

    wait_until(all_there, timeout_s=600, interval_s=0.02)
    library.service.cancel(job.id)
    library.wait_for(job, JobState.CANCELLED)
    return {name: found[name] for name in wanted}
