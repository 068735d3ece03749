"""Songs that are stopped in the middle: what they keep, who works on them, and whether it came out the same."""

from pathlib import Path

import numpy as np
import psutil
import soundfile

from desktop.jobs.model import Job
from desktop.models.shelf import Shelf
from desktop.paths import Home
from tests.helpers.engines import write_tiny_htdemucs
from tests.helpers.library import processes_of

THIN = "thin"


def import_thin_model(home: Home, folder: Path) -> str:
    """Put an HTDemucs of random weights on the shelf; its segments are of 4 s and begin every 3 s. Its name."""
    return Shelf(home).import_file(write_tiny_htdemucs(folder / f"{THIN}.th"), THIN).name


class FinishedSegments:
    """The finished segments of a job, as they are seen to appear. None may ever be written twice."""

    def __init__(self, home: Home, job: Job) -> None:
        self._folder = home.job(job.id).segments
        self._seen: dict[str, tuple[int, int]] = {}

    def count(self) -> int:
        """How many there are. Fails when one was made anew."""
        now = self._look()
        changed = {name for name in now if self._seen.get(name, now[name]) != now[name]}
        assert not changed, f"made twice: {sorted(changed)}"
        self._seen |= now
        return len(self._seen)

    def _look(self) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for file in self._folder.glob("*/*.float32"):
            try:
                told = file.stat()
            except FileNotFoundError:  # the job has just ended
                continue
            found[f"{file.parent.name}/{file.name}"] = (told.st_ino, told.st_mtime_ns)
        return found


def worker_of(root: Path) -> psutil.Process:
    """The worker's main process."""
    return next(p for p in _supervised(root) if "--draft" not in p.cmdline())


def draft_worker_of(root: Path) -> psutil.Process:
    """The process that makes drafts."""
    return next(p for p in _supervised(root) if "--draft" in p.cmdline())


def owner_of(root: Path) -> psutil.Process:
    """The process in which songs are separated."""
    return next(p for p in worker_of(root).children() if "spawn_main" in " ".join(p.cmdline()))


def leftovers(home: Home, job: Job) -> list[str]:
    """What an ended job keeps and should not: everything but its stems, its track and its peaks."""
    published = {stem.path.parent.name for stem in job.stems}
    useful = published | {"source", "mixture.peaks", "cover", "job.json"}
    return sorted(path.name for path in home.job(job.id).root.iterdir() if path.name not in useful)


def assert_same_stems(one: Job, other: Job) -> None:
    """Sample by sample: the files' headers may hold the time at which they were written."""
    assert [stem.name for stem in one.stems] == [stem.name for stem in other.stems]
    for stem, twin in zip(one.stems, other.stems, strict=True):
        assert soundfile.info(stem.path).subtype == soundfile.info(twin.path).subtype
        sound, rate = soundfile.read(stem.path, dtype="int32")
        twins, twins_rate = soundfile.read(twin.path, dtype="int32")
        assert rate == twins_rate
        assert np.array_equal(sound, twins), stem.name
        assert np.ptp(sound) > 0, f"{stem.name} is silent"


def _supervised(root: Path) -> list[psutil.Process]:
    return [p for p in processes_of(root) if "--supervised" in p.cmdline()]
