"""A track whose content is already in the library is recognised under any name."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from desktop.audio.tags import Tags
from desktop.errors import DuplicateTrackError
from desktop.jobs.model import Job
from desktop.jobs.recovery import rebuild_jobs
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.library import write_song
from tests.helpers.queue import NullEvents
from tests.helpers.rows import update_rows
from tests.helpers.window import RecordingQueue


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=0.2)


@pytest.fixture
def twin(song: Path) -> Path:
    return Path(shutil.copyfile(song, song.with_name("another name.wav")))


def always(_: Job) -> bool:
    return True


def test_duplicate_content_is_refused_under_any_name_and_leaves_no_files(
    home: Home, service: JobService, song: Path, twin: Path
) -> None:
    job = service.add(song, is_duplicate=always)
    with pytest.raises(DuplicateTrackError, match=r"^“song” is already in your library\.$") as refused:
        service.add(twin, is_duplicate=always)
    assert (refused.value.job_id, refused.value.in_bin) == (job.id, False)
    assert list(home.jobs.iterdir()) == [home.job_folder(job.id).root]
    other = service.add(write_song(twin.with_name("other.wav"), seconds=0.2), is_duplicate=always)
    assert [listed.id for listed in service.jobs()] == [job.id, other.id]


def test_caller_decides_what_counts_as_a_duplicate(service: JobService, song: Path, twin: Path) -> None:
    candidates: list[str] = []

    def is_duplicate(job: Job) -> bool:
        candidates.append(job.title)
        return False

    service.add(song)
    service.add(twin, is_duplicate=is_duplicate)
    assert set(candidates) == {"song"}
    assert [job.title for job in service.jobs()] == ["song", "another name"]
    service.add(song)
    assert len(service.jobs()) == 3


def test_duplicate_in_the_bin_is_reported_as_such_and_one_in_the_library_comes_first(
    service: JobService, song: Path, twin: Path
) -> None:
    removed = service.add(song)
    service.remove_jobs([removed.id])
    with pytest.raises(DuplicateTrackError, match=r"^“song” is among the removed songs\.$") as refused:
        service.add(twin, is_duplicate=always)
    assert (refused.value.job_id, refused.value.in_bin) == (removed.id, True)
    job = service.add(twin)
    with pytest.raises(DuplicateTrackError) as refused:
        service.add(song, is_duplicate=always)
    assert refused.value.job_id == job.id
    service.remove_jobs([job.id])
    service.bin.delete()
    assert service.add(song, is_duplicate=always).title == "song"


def test_track_is_read_once_for_its_copy_and_its_digest(
    service: JobService, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    original_open = Path.open

    def recording_open(path: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(path)
        return original_open(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", recording_open)
    monkeypatch.setattr("desktop.jobs.service.read_tags", lambda path: Tags())
    job = service.add(song, is_duplicate=always)
    assert opened.count(song) == 1
    assert job.digest == hashlib.sha256(song.read_bytes()).hexdigest()


def test_jobs_without_a_digest_are_recognised_and_only_tracks_of_equal_size_are_hashed(
    home: Home, service: JobService, song: Path, twin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = service.add(song)
    long = service.add(write_song(song.with_name("long.wav"), seconds=0.4))
    gone = service.add(write_song(song.with_name("gone.wav"), seconds=0.2))
    removed = service.add(write_song(song.with_name("removed.wav"), seconds=0.2))
    shutil.rmtree(home.job_folder(gone.id).source)
    service.remove_jobs([removed.id])
    update_rows(home, "digest = NULL")
    hashed: list[str] = []
    original_file_digest = hashlib.file_digest

    def recording_file_digest(file: Any, algorithm: str) -> Any:
        hashed.append(Path(file.name).name)
        return original_file_digest(file, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", recording_file_digest)
    service = JobService(home, JobStore(home), RecordingQueue(), NullEvents())
    for path, existing in ((twin, old), (song.with_name("removed.wav"), removed)):
        with pytest.raises(DuplicateTrackError) as refused:
            service.add(path, is_duplicate=always)
        assert refused.value.job_id == existing.id
    assert sorted(hashed) == ["removed.wav", "song.wav"], "each is hashed once"
    assert JobStore(home).job(long.id).digest is None


def test_only_one_of_many_concurrent_adds_of_a_song_succeeds(service: JobService, song: Path) -> None:
    def add(_: int) -> bool:
        try:
            service.add(song, is_duplicate=always)
        except DuplicateTrackError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(add, range(12))) == 1
    assert len(service.jobs()) == 1


def test_backup_record_holds_the_digest(home: Home, service: JobService, song: Path) -> None:
    job = service.add(song)
    assert [found.digest for found in rebuild_jobs(home)] == [job.digest]
