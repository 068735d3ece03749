"""Time from the drop of a track to its first sound, with a warm worker. Prints; never fails.

A full-size HTDemucs with random weights costs as much computation as the real one.
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
LABELS = {"draft": "start of the draft", "whole": "end of the draft", "final": "the model's first sound"}


@pytest.mark.timeout(3600)
def test_time_from_drop_to_first_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "library").create_folders()
    ModelStore(home).import_file(write_full_htdemucs(tmp_path / "full.th"), "full")
    short_track, long_track = write_noise(tmp_path / "short.flac", 240), write_noise(tmp_path / "long.flac", 3600)
    with running_library(home.root, drafts=True) as library:
        warm_up_track = write_noise(tmp_path / "warm.flac", 10)
        both, draft = ("draft", "whole", "final"), ("draft", "whole")
        results = {"4 min": [measure(library, home, short_track, both, warm_up_track) for _ in range(RUNS)]}
        results["1 h"] = [measure(library, home, long_track, both, warm_up_track)]
        library.service.pause_queue()
        results["4 min, draft alone"] = [measure(library, home, short_track, draft) for _ in range(RUNS)]
        results["1 h, draft alone"] = [measure(library, home, long_track, draft)]
    with capsys.disabled():
        for name, runs in results.items():
            print(f"\n{name} (median of {len(runs)}): ", end="")
            medians = {event: statistics.median(run[event] for run in runs) for event in runs[0]}
            print(", ".join(f"{LABELS[event]} after {seconds:.2f} s" for event, seconds in medians.items()), end="")


def write_noise(path: Path, seconds: int) -> Path:
    generator = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(seconds):
            file.write(generator.normal(0, 0.1, (RATE, 2)))
    return path


def measure(
    library: RunningLibrary, home: Home, track: Path, events: tuple[str, ...], warm_up_track: Path | None = None
) -> dict[str, float]:
    """Return the seconds from the drop to each of `events`.

    `warm_up_track` is separated first, because the cancel of an earlier measurement may have ended the worker.
    """
    if warm_up_track:
        library.wait_for(library.service.add(warm_up_track, JobOptions(model="full")), JobState.COMPLETED)
    start = time.perf_counter()
    job = library.service.add(track, JobOptions(model="full"))
    library.service.request_draft(job.id)
    times: dict[str, float] = {}
    partial = PartialResult(home.job_folder(job.id).segments, home.job_folder(job.id).draft)

    def all_reached() -> bool:
        partial.refresh()
        for name, store in (("draft", partial.draft), ("final", partial.final)):
            if store and store.is_ready(0, RATE):
                times.setdefault(name, time.perf_counter() - start)
        if (home.job_folder(job.id).draft / COMPLETE_MARKER).exists():
            times.setdefault("whole", time.perf_counter() - start)
        return times.keys() >= set(events)

    wait_until(all_reached, timeout_s=600, interval_s=0.02)
    library.service.cancel(job.id)
    library.wait_for(job, JobState.CANCELLED)
    return {name: times[name] for name in events}
