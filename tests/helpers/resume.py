"""Checks for interrupted jobs: finished segments, worker processes, leftover files and identical stems."""

from pathlib import Path

import numpy as np
import psutil
import soundfile

from desktop.jobs.model import Job
from desktop.models.store import ModelStore
from desktop.paths import Home
from tests.helpers.engines import write_tiny_htdemucs
from tests.helpers.library import find_processes

TINY_MODEL_NAME = "thin"


def import_tiny_model(home: Home, folder: Path) -> str:
    """Import an HTDemucs with random weights and segments of 4 s every 3 s, and return its name."""
    return ModelStore(home).import_file(write_tiny_htdemucs(folder / f"{TINY_MODEL_NAME}.th"), TINY_MODEL_NAME).name


class FinishedSegments:
    """The finished segments of a job. None may ever be written twice."""

    def __init__(self, home: Home, job: Job) -> None:
        self._folder = home.job_folder(job.id).segments
        self._seen: dict[str, tuple[int, int]] = {}

    def count(self) -> int:
        """Return the number of finished segments; raise AssertionError if one was written again."""
        now = self._list_segments()
        changed = {name for name in now if self._seen.get(name, now[name]) != now[name]}
        assert not changed, f"made twice: {sorted(changed)}"
        self._seen |= now
        return len(self._seen)

    def _list_segments(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for file in self._folder.glob("*/*.float32"):
            try:
                status = file.stat()
            except FileNotFoundError:  # the job has just ended
                continue
            found[f"{file.parent.name}/{file.name}"] = (status.st_ino, status.st_mtime_ns)
        return found


def find_worker(root: Path) -> psutil.Process:
    """Return the worker's main process."""
    return next(p for p in _find_supervised(root) if "--draft" not in p.cmdline())


def find_draft_worker(root: Path) -> psutil.Process:
    """Return the draft worker's process."""
    return next(p for p in _find_supervised(root) if "--draft" in p.cmdline())


def find_owner(root: Path) -> psutil.Process:
    """Return the child process of the worker that separates."""
    return next(p for p in find_worker(root).children() if "spawn_main" in " ".join(p.cmdline()))


def list_leftovers(home: Home, job: Job) -> list[str]:
    """Return the files that an ended job should have deleted: all but stems, track, peaks, cover, record and analysis."""
    published = {stem.path.parent.name for stem in job.stems}
    useful = published | {"source", "mixture.peaks", "cover", "job.json", "analysis.json"}
    return sorted(path.name for path in home.job_folder(job.id).root.iterdir() if path.name not in useful)


def assert_same_stems(one: Job, other: Job) -> None:
    """Compare the stems sample by sample; file headers may differ, because they can contain the time of writing."""
    assert [stem.name for stem in one.stems] == [stem.name for stem in other.stems]
    for stem, other_stem in zip(one.stems, other.stems, strict=True):
        assert soundfile.info(stem.path).subtype == soundfile.info(other_stem.path).subtype
        sound, rate = soundfile.read(stem.path, dtype="int32")
        other_sound, other_rate = soundfile.read(other_stem.path, dtype="int32")
        assert rate == other_rate
        assert np.array_equal(sound, other_sound), stem.name
        assert np.ptp(sound) > 0, f"{stem.name} is silent"


def _find_supervised(root: Path) -> list[psutil.Process]:
    return [p for p in find_processes(root) if "--supervised" in p.cmdline()]
