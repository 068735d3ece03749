"""A track whose content is in the library already is recognised, whatever it is called."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

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
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def service(home: Home) -> JobService:
    return JobService(home, JobStore(home), RecordingQueue(), NullEvents())


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=0.2)


@pytest.fixture
def twin(song: Path) -> Path:
    return Path(shutil.copyfile(song, song.with_name("another name.wav")))


def always(_: Job) -> bool:
    return True


def test_the_same_content_is_refused_by_any_name_and_leaves_nothing(
    home: Home, service: JobService, song: Path, twin: Path
) -> None:
    job = service.add(song, is_duplicate=always)
    with pytest.raises(DuplicateTrackError, match=r"^“song” is already in your library\.$") as refused:
        service.add(twin, is_duplicate=always)
    assert (refused.value.job_id, refused.value.in_bin) == (job.id, False)
    assert [folder.name for folder in home.jobs.iterdir()] == [job.id]
    other = service.add(write_song(twin.with_name("other.wav"), seconds=0.2), is_duplicate=always)
    assert [known.id for known in service.jobs()] == [job.id, other.id]


def test_who_adds_decides_what_counts_as_the_same(service: JobService, song: Path, twin: Path) -> None:
    asked: list[str] = []

    def is_duplicate(job: Job) -> bool:
        asked.append(job.title)
        return False

    service.add(song)
    service.add(twin, is_duplicate=is_duplicate)
    assert set(asked) == {"song"}
    assert [job.title for job in service.jobs()] == ["song", "another name"]
    service.add(song)
    assert len(service.jobs()) == 3


def test_a_song_of_the_bin_is_named_as_such_and_one_of_the_library_goes_before_it(
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


def test_a_track_is_read_once_for_its_copy_and_its_digest(
    service: JobService, song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    really = Path.open

    def watched(path: Path, *how: Any, **further: Any) -> Any:
        opened.append(path)
        return really(path, *how, **further)

    monkeypatch.setattr(Path, "open", watched)
    monkeypatch.setattr("desktop.jobs.service.read_tags", lambda path: type("Tags", (), {
        "cover": b"", "title": "", "artist": "", "album": "", "seconds": None})())  # fmt: skip
    job = service.add(song, is_duplicate=always)
    assert opened.count(song) == 1
    assert job.digest == hashlib.sha256(song.read_bytes()).hexdigest()


def test_jobs_of_earlier_versions_are_recognised_and_only_those_of_equal_size_are_read(
    home: Home, service: JobService, song: Path, twin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = service.add(song)
    long = service.add(write_song(song.with_name("long.wav"), seconds=0.4))
    gone = service.add(write_song(song.with_name("gone.wav"), seconds=0.2))
    removed = service.add(write_song(song.with_name("removed.wav"), seconds=0.2))
    shutil.rmtree(home.job_folder(gone.id).source)
    service.remove_jobs([removed.id])
    update_rows(home, "digest = NULL")
    read: list[str] = []
    really = hashlib.file_digest

    def watched(file: Any, kind: str) -> Any:
        read.append(Path(file.name).name)
        return really(file, kind)

    monkeypatch.setattr(hashlib, "file_digest", watched)
    service = JobService(home, JobStore(home), RecordingQueue(), NullEvents())
    for path, known in ((twin, old), (song.with_name("removed.wav"), removed)):
        with pytest.raises(DuplicateTrackError) as refused:
            service.add(path, is_duplicate=always)
        assert refused.value.job_id == known.id
    assert sorted(read) == ["removed.wav", "song.wav"], "each once"
    assert JobStore(home).job(long.id).digest is None


def test_of_many_who_add_the_same_song_at_once_one_does(service: JobService, song: Path) -> None:
    def add(_: int) -> bool:
        try:
            service.add(song, is_duplicate=always)
        except DuplicateTrackError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(add, range(12))) == 1
    assert len(service.jobs()) == 1


def test_the_digest_is_in_the_record_beside_the_song(home: Home, service: JobService, song: Path) -> None:
    job = service.add(song)
    assert [found.digest for found in rebuild_jobs(home)] == [job.digest]
