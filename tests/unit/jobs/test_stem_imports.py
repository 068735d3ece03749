"""Ready-made stems become a completed song of the library, or leave nothing behind."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.audio.peaks import Peaks
from desktop.errors import CancelledError, DuplicateTrackError, StorageError, UnusableTrackError
from desktop.jobs.files import find_stored_track, remove_orphaned_files
from desktop.jobs.import_process import ImportCancellation
from desktop.jobs.model import JobOptions, JobState
from desktop.jobs.recovery import open_store
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.text import format_sum_check
from desktop.paths import Home
from desktop.runtime import message_child
from desktop.settings import READY_STEMS_MODEL
from tests.helpers.queue import NullEvents
from tests.helpers.ready_stems import write_ni_stems, write_stem_folder
from tests.helpers.small_disk import small_disk
from tests.helpers.window import RecordingQueue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_stem_folder(tmp_path / "Band - Hit")


def assert_nothing_left(home: Home) -> None:
    assert not list(home.jobs.iterdir())
    assert not JobStore(home).jobs()


def test_stems_become_a_completed_song_that_claims_nothing(service: JobService, home: Home, folder: Path) -> None:
    job = service.stem_imports.add([folder])
    assert service.jobs() == [job]
    assert (job.state, job.title, job.artist, job.source) == (JobState.COMPLETED, "Hit", "Band", folder)
    assert (job.sample_rate, job.channels, job.frames, job.seconds) == (44100, 2, 44100, 1.0)
    assert job.model == READY_STEMS_MODEL
    assert format_sum_check(job) == ""
    job_folder = home.job_folder(job.id)
    assert job_folder.root.name.startswith("Band - Hit [")
    assert sorted(stem.name for stem in job.stems) == ["bass", "drums", "vocals"]
    for stem in job.stems:
        assert np.array_equal(soundfile.read(stem.path)[0], soundfile.read(folder / f"{stem.name}.wav")[0])
        assert Peaks.open(stem.peaks).frames == 44100
    total = sum(soundfile.read(stem.path)[0] for stem in job.stems)
    assert np.array_equal(soundfile.read(find_stored_track(job_folder, job))[0], total)


def test_title_of_the_caller_is_used(service: JobService, folder: Path) -> None:
    assert service.stem_imports.add([folder], title="Other").title == "Other"


def test_tags_and_cover_are_those_of_the_files(service: JobService, home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("Vocals", "Drums"):
        with soundfile.SoundFile(folder / f"{name}.flac", "w", 44100, 1) as file:
            file.title, file.artist, file.album = f"Real title ({name})", "Real artist", "Real album"
            file.write(np.zeros(44100))
    job = service.stem_imports.add([folder])
    assert (job.title, job.artist, job.album) == ("Real title", "Real artist", "Real album")


def test_stem_file_is_a_song_with_the_name_of_the_file(service: JobService, tmp_path: Path) -> None:
    path, stems = write_ni_stems(tmp_path)
    job = service.stem_imports.add([path])
    assert (job.title, job.artist, job.source) == ("Hit", "Band", path)
    assert [stem.name for stem in job.stems] == ["drums", "bass", "other", "vocals"]
    assert np.array_equal(soundfile.read(job.stems[3].path)[0].T, stems[3])


def test_song_is_rebuilt_from_its_folder(service: JobService, home: Home, folder: Path) -> None:
    job = service.stem_imports.add([folder])
    home.database.unlink()
    store, notice = open_store(home)
    assert notice is not None
    (rebuilt,) = store.jobs()
    assert (rebuilt.state, rebuilt.stems, rebuilt.model_used) == (JobState.COMPLETED, job.stems, READY_STEMS_MODEL)


def test_song_goes_to_the_bin_and_back_with_its_stems(service: JobService, home: Home, folder: Path) -> None:
    job = service.stem_imports.add([folder])
    service.remove_jobs([job.id])
    remove_orphaned_files(home, JobStore(home))
    service.bin.restore([job.id])
    assert all(stem.path.exists() and stem.peaks.exists() for stem in service.job(job.id).stems)


def test_separating_again_takes_the_sum_and_keeps_the_stems_until_then(service: JobService, folder: Path) -> None:
    job = service.stem_imports.add([folder], JobOptions(model="sketch"))
    again = service.separate_again(job.id)
    assert (again.state, again.options.model, again.stems) == (JobState.PENDING, "sketch", job.stems)
    assert service.stored_track(again).exists()


def test_stems_that_are_in_the_library_are_refused_and_leave_no_files(
    service: JobService, home: Home, folder: Path
) -> None:
    job = service.stem_imports.add([folder])
    with pytest.raises(DuplicateTrackError) as refused:
        service.stem_imports.add([folder], is_duplicate=lambda _: True)
    assert refused.value.job_id == job.id
    assert [path.name for path in home.jobs.iterdir()] == [home.job_folder(job.id).root.name]


def damage(folder: Path) -> None:
    (folder / "vocals.wav").write_bytes(b"RIFF" + b"\0" * 1000)


def lengthen(folder: Path) -> None:
    soundfile.write(folder / "vocals.wav", np.zeros((10 * 44100, 2)), 44100)


@pytest.mark.parametrize("change", [damage, lengthen])
def test_unusable_stems_leave_nothing(
    change: Callable[[Path], None], service: JobService, home: Home, folder: Path
) -> None:
    change(folder)
    with pytest.raises(UnusableTrackError):
        service.stem_imports.add([folder])
    assert_nothing_left(home)


def test_cancelling_leaves_nothing(service: JobService, home: Home, folder: Path) -> None:
    cancellation = ImportCancellation()
    with pytest.raises(CancelledError):
        service.stem_imports.add([folder], report_progress=lambda _: cancellation.request(), cancellation=cancellation)
    assert_nothing_left(home)


def test_import_whose_decoder_hangs_can_be_cancelled(
    service: JobService, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = "print('[\"progress\", 0.1]', flush=True); import time; time.sleep(1000)"
    monkeypatch.setattr(message_child, "own_command", lambda *_: [sys.executable, "-c", hanging])
    cancellation, has_begun = ImportCancellation(), threading.Event()

    def cancel() -> None:
        has_begun.wait()
        cancellation.request()

    threading.Thread(target=cancel).start()
    with pytest.raises(CancelledError):
        service.stem_imports.add([folder], report_progress=lambda _: has_begun.set(), cancellation=cancellation)
    assert_nothing_left(home)


def test_crashing_decoder_ends_in_a_sentence_and_leaves_nothing(
    service: JobService, home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        message_child, "own_command", lambda *_: [sys.executable, "-c", "import ctypes; ctypes.string_at(0)"]
    )
    with pytest.raises(UnusableTrackError, match=r"^A stem of Band - Hit crashed its decoder"):
        service.stem_imports.add([folder])
    assert_nothing_left(home)


def test_full_disk_is_named_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        home = Home(disk.mount_point / "library").create_folders()
        service = JobService(home, JobStore(home), RecordingQueue(), NullEvents())
        disk.fill()
        with pytest.raises(StorageError, match="the disk is full"):
            service.stem_imports.add([folder])
        disk.empty()
        assert_nothing_left(home)
