"""Exports by the runner of the draft worker: one song after the other, each completely or not at all, whatever happens."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import NO_STEMS_REASON, ExportJob, ExportProgress, ExportState
from desktop.jobs.exports import MAX_ATTEMPTS
from desktop.jobs.model import Job
from desktop.jobs.queue import ExportChanged, JobEvent
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.jobs.transitions import LEASE_S
from desktop.paths import Home
from desktop.runtime.process_identity import machine_id, process_start_time
from desktop.runtime.processes import own_environment
from desktop.tasks.export_runner import ExportOutcome, ExportRunner
from tests.helpers.jobs import make_job
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_library_job
from tests.helpers.window import RecordingQueue

# A process that exports and is killed at the n-th call of a function: while a file is written, or while files are moved.
KILLED = """
import os, signal, sys
from pathlib import Path
from desktop.export import names, stems
from desktop.jobs.exports import ExportRecords
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.tasks.export_runner import ExportRunner
from tests.helpers.queue import NullEvents

home, owner, name, number = Home(Path(sys.argv[1])), sys.argv[2], sys.argv[3], int(sys.argv[4])
target = {"stems": stems, "Path": Path, "names": names, "ExportRecords": ExportRecords}[owner]
original, calls = getattr(target, name), 0

def kill_at_last(*arguments, **options):
    global calls
    calls += 1
    if calls == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments, **options)

setattr(target, name, kill_at_last)
runner = ExportRunner(home, JobStore(home), NullEvents(), lambda: False)
while True:
    runner.run()
"""


class Library:
    """A library whose exports the test makes itself."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "library").create_folders()
        self.store = JobStore(self.home)
        self.queue = RecordingQueue()
        self.events: list[JobEvent] = []
        self.service = JobService(self.home, self.store, self.queue, self)
        self.out = root / "out"
        self.should_step_aside: Callable[[], bool] = lambda: False

    def emit(self, event: JobEvent) -> None:
        self.events.append(event)

    def add_songs(self, *titles: str) -> list[Job]:
        return [self.store.insert(write_library_job(self.home, title, stem_count=2, seconds=0.2)) for title in titles]

    def start(self, jobs: list[Job], folder: Path | None = None, **settings: Any) -> ExportJob:
        return self.service.start_export(jobs, ExportSettings(**settings), folder or self.out)

    def run(self) -> ExportOutcome:
        return ExportRunner(self.home, self.store, self, lambda: self.should_step_aside()).run()

    def run_all(self) -> None:
        while self.run() is not ExportOutcome.DROPPED:
            pass

    def export(self) -> ExportJob:
        (export,) = self.service.exports()
        return export

    def file_names(self) -> list[str]:
        """Return the names of all files that were exported, hidden ones too."""
        return sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []

    def update_export(self, assignments: str, **values: object) -> None:
        """Change the rows of all exports by SQL."""
        engine = create_engine(f"sqlite:///{self.home.database}")
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE exports SET {assignments}"), values)
        engine.dispose()

    def run_killed(self, owner: str, name: str, number: int) -> None:
        """Export in a process that is killed at the n-th call of a function."""
        command = [sys.executable, "-c", KILLED, str(self.home.root), owner, name, str(number)]
        result = subprocess.run(command, env=own_environment(), check=False, timeout=60)
        assert result.returncode == -signal.SIGKILL


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def names_of(*titles: str) -> list[str]:
    return sorted(f"Mara Lind - {title} ({stem}).wav" for title in titles for stem in ("Drums", "Vocals"))


def test_songs_are_exported_one_for_each_message_and_the_window_is_told(library: Library) -> None:
    songs = library.add_songs("One", "Two")
    export = library.start(songs)
    assert (export.state, library.queue.exports) == (ExportState.PENDING, 1)
    assert library.run() is ExportOutcome.EXPORTED
    assert (library.export().state, library.file_names()) == (ExportState.RUNNING, names_of("One"))
    assert library.run() is ExportOutcome.EXPORTED
    assert library.run() is ExportOutcome.DROPPED
    done = library.export()
    assert (done.state, done.fraction, done.file_count) == (ExportState.DONE, 1.0, 4)
    assert [result.title for result in done.exported] == ["One", "Two"]
    assert library.file_names() == names_of("One", "Two") == sorted(p.name for r in done.results for p in r.files)
    progress = [event for event in library.events if isinstance(event, ExportProgress)]
    assert progress[-1] == ExportProgress(export.id, 2, 2, 1.0, progress[-1].seconds_left)
    assert [event.fraction for event in progress] == sorted(event.fraction for event in progress)
    assert library.events[-1] == ExportChanged(export.id)


def test_exports_are_made_in_the_order_in_which_they_were_started(library: Library) -> None:
    songs = library.add_songs("One", "Two")
    first, second = library.start(songs[:1]), library.start(songs)
    library.run()
    assert [export.state for export in library.service.exports()] == [ExportState.DONE, ExportState.PENDING]
    library.service.forget_export(first.id)
    library.service.forget_export(second.id)
    assert [export.id for export in library.service.exports()] == [second.id], "only ended exports are forgotten"


def test_songs_without_stems_removed_or_damaged_songs_are_skipped_with_their_reason(library: Library) -> None:
    removed, damaged, good = library.add_songs("Removed", "Damaged", "Good")
    waiting = library.store.insert(make_job("Waiting"))
    library.start([waiting, removed, damaged, good])
    library.service.remove_jobs([removed.id])
    damaged.stems[1].path.unlink()
    library.run_all()
    done = library.export()
    assert [(result.title, str(result.reason)) for result in done.skipped] == [
        ("Waiting", str(NO_STEMS_REASON)),
        ("Removed", f"There is no song {removed.id} in the library: it was removed."),
        ("Damaged", "The drums stem of “Damaged” cannot be read: it was moved or damaged. Separate the song again."),
    ]
    assert (done.state, library.file_names()) == (ExportState.DONE, names_of("Good"))


def test_settings_of_the_export_reach_its_files(library: Library) -> None:
    library.start(library.add_songs("One"), kind=ExportKind.MIX, file_format="flac", name_template="{title}")
    library.run_all()
    assert library.file_names() == ["One.flac"]


def test_draft_that_waits_interrupts_a_song_which_then_begins_again(library: Library) -> None:
    library.start(library.add_songs("One"))
    library.should_step_aside = lambda: True
    for _ in range(MAX_ATTEMPTS + 1):
        assert library.run() is ExportOutcome.INTERRUPTED
        assert (library.file_names(), library.export().attempts) == ([], 0), "an interruption is no failed attempt"
    library.should_step_aside = lambda: False
    library.run_all()
    assert library.file_names() == names_of("One")


def test_export_that_no_worker_has_begun_is_cancelled_at_once(library: Library) -> None:
    export = library.start(library.add_songs("One"))
    library.service.cancel_export(export.id)
    assert library.export().state is ExportState.CANCELLED
    assert library.run() is ExportOutcome.DROPPED


def test_cancelled_export_keeps_the_songs_that_are_complete(library: Library) -> None:
    export = library.start(library.add_songs("One", "Two"))
    library.run()

    def cancel() -> bool:
        library.service.cancel_export(export.id)
        return False

    library.should_step_aside = cancel
    assert library.run() is ExportOutcome.ENDED
    assert (library.export().state, library.file_names()) == (ExportState.CANCELLED, names_of("One"))
    library.service.cancel_export(export.id)
    assert library.export().state is ExportState.CANCELLED


def test_cancel_between_two_songs_is_noticed_before_the_next(library: Library) -> None:
    export = library.start(library.add_songs("One", "Two"))
    library.run()
    library.service.cancel_export(export.id)
    assert library.export().state is ExportState.RUNNING, "the worker deletes what it has begun"
    library.run_all()
    assert (library.export().state, library.file_names()) == (ExportState.CANCELLED, names_of("One"))


@pytest.mark.parametrize(
    ("owner", "name", "number"),
    [
        ("stems", "_copy_stem", 4),
        ("ExportRecords", "record_moves", 2),
        ("names", "_try_reserve", 2),
        ("Path", "replace", 3),
        ("Path", "replace", 4),
        ("ExportRecords", "record_song", 2),
    ],
    ids=["while it writes", "before moving", "before names are reserved", "reserved", "half moved", "all moved"],
)
def test_killed_export_goes_on_and_every_file_is_there_once(
    library: Library, owner: str, name: str, number: int
) -> None:
    songs = library.add_songs("One", "Two", "Three")
    library.start(songs)
    library.run_killed(owner, name, number)
    killed = library.export()
    assert (killed.state, len(killed.results)) == (ExportState.RUNNING, 1), "killed in the second song"
    assert library.store.exports.has_due()
    library.run_all()
    done = library.export()
    assert (done.state, library.file_names()) == (ExportState.DONE, names_of("One", "Two", "Three"))
    for song, result in zip(songs, done.results, strict=True):
        for path, stem in zip(result.files, song.stems, strict=True):
            assert path.read_bytes()[8:].startswith(stem.path.read_bytes()[8:])  # behind the size; tags come last


@pytest.mark.parametrize("number", [3, 4], ids=["reserved", "half moved"])
def test_song_that_was_killed_while_it_moves_is_completed_before_a_cancel(library: Library, number: int) -> None:
    export = library.start(library.add_songs("One", "Two", "Three"))
    library.run_killed("Path", "replace", number)
    library.service.cancel_export(export.id)
    library.run_all()
    assert (library.export().state, library.file_names()) == (ExportState.CANCELLED, names_of("One", "Two"))


def test_cancel_after_a_kill_leaves_nothing_hidden(library: Library) -> None:
    export = library.start(library.add_songs("One", "Two"))
    library.run_killed("stems", "_copy_stem", 4)
    assert any(name.startswith(".") for name in library.file_names())
    library.service.cancel_export(export.id)
    library.run_all()
    assert (library.export().state, library.file_names()) == (ExportState.CANCELLED, names_of("One"))


def test_export_of_a_later_version_fails_with_a_sentence(library: Library) -> None:
    library.start(library.add_songs("One"))
    library.update_export("settings = :settings", settings='{"kind": "hologram"}')
    library.run_all()
    assert "Another version of Unbraid has started this export." in str(library.export().error)


def test_200_songs_are_exported_in_one_go_with_the_time_left(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.export.progress._MIN_ELAPSED_S", 0.0)  # the songs are short
    (song,) = library.add_songs("One")
    library.start([song] * 200)
    library.run_all()
    assert (library.export().state, library.export().file_count) == (ExportState.DONE, 400)
    assert len(library.file_names()) == 400
    progress = [event for event in library.events if isinstance(event, ExportProgress)]
    assert {event.songs_total for event in progress} == {200}
    assert any(event.seconds_left for event in progress)


def test_files_of_the_user_survive_an_export_that_is_killed_while_it_moves(library: Library) -> None:
    (song,) = library.add_songs("One")
    library.start([song])
    library.run_killed("Path", "replace", 1)
    for name in names_of("One"):
        (library.out / name).write_text("mine")
    library.run_all()
    assert [(library.out / name).read_text() for name in names_of("One")] == ["mine", "mine"]
    assert len(library.export().exported[0].files) == 2
    assert len(library.file_names()) == 4


def test_song_that_ends_its_worker_again_and_again_is_skipped(library: Library) -> None:
    library.start(library.add_songs("Killer", "Good"))
    for _ in range(MAX_ATTEMPTS):
        library.run_killed("stems", "_copy_stem", 1)
    library.run_all()
    done = library.export()
    assert (done.state, library.file_names()) == (ExportState.DONE, names_of("Good"))
    assert "crashed 3 times" in str(done.skipped[0].reason)


def test_full_disk_ends_the_export_with_a_sentence_and_keeps_the_songs_that_are_complete(
    library: Library, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        library.start(library.add_songs("One", "Two"), disk.mount_point)
        library.run()
        disk.fill()
        library.run_all()
        failed = library.export()
        assert failed.state is ExportState.FAILED
        assert str(failed.error) == (
            f"“Two” could not be exported to {disk.mount_point}: the disk is full. "
            "Free up space there, or choose another folder."
        )
        assert sorted(path.name for path in disk.mount_point.iterdir()) == sorted([*names_of("One"), "filler"])


def test_export_that_does_not_fit_fails_before_it_writes(library: Library, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        library.start(library.add_songs("One"), disk.mount_point)
        library.run_all()
        assert "has only 0 kB free" in str(library.export().error)
        assert [path.name for path in disk.mount_point.iterdir()] == ["filler"]


def test_read_only_disk_ends_the_export_with_a_sentence(library: Library, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.remount("ro")
        library.start(library.add_songs("One"), disk.mount_point)
        library.run_all()
        assert library.export().state is ExportState.FAILED
        assert "the disk is read-only" in str(library.export().error)


@pytest.mark.parametrize("kind", ExportKind)
def test_folder_that_vanishes_ends_the_export_and_is_not_made_again(library: Library, kind: ExportKind) -> None:
    library.start(library.add_songs("One", "Two", "Three"), kind=kind)
    library.run()

    def remove() -> bool:
        shutil.rmtree(library.out, ignore_errors=True)
        return False

    library.should_step_aside = remove
    library.run_all()
    assert library.export().state is ExportState.FAILED
    assert "it was moved or deleted" in str(library.export().error)
    assert not library.out.exists()


def test_worker_that_has_lost_its_export_writes_neither_files_nor_rows(library: Library) -> None:
    library.start(library.add_songs("One"))

    def lose_claim() -> bool:
        library.update_export("token = 99")
        return False

    library.should_step_aside = lose_claim
    assert library.run() is ExportOutcome.ENDED
    assert (library.file_names(), library.export().results) == ([], ())


def test_export_is_taken_only_from_a_worker_that_is_lost(library: Library) -> None:
    library.start(library.add_songs("One"))
    with subprocess.Popen(["sleep", "60"]) as other:
        owner = f"{machine_id()}/{other.pid}/{process_start_time(other.pid)}"
        library.update_export("owner = :owner, lease_until = 0", owner=owner)
        assert library.store.exports.has_due(), "it may own what it could not finish"
        assert library.run() is ExportOutcome.DROPPED, "but it lives"
        other.kill()
    before_restart = "this computer before its restart/1/1"
    library.update_export("owner = :owner, lease_until = :until", owner=before_restart, until=time() + LEASE_S / 2)
    assert not library.store.exports.has_due()
    assert library.run() is ExportOutcome.DROPPED
    library.update_export("lease_until = :until", until=time() - 1)
    assert library.store.exports.has_due()
    library.run_all()
    assert library.file_names() == names_of("One")


def test_export_to_a_folder_of_another_computer_is_left_alone(library: Library) -> None:
    library.start(library.add_songs("One"))
    library.update_export("host = 'another'")
    assert library.run() is ExportOutcome.DROPPED
    assert not library.store.exports.has_due()
    assert library.service.exports() == []


def test_export_of_a_worker_that_was_stopped_is_no_failed_attempt(library: Library) -> None:
    library.start(library.add_songs("One"))
    library.run_killed("stems", "_copy_stem", 1)
    assert library.export().attempts == 1
    (released,) = library.store.exports.release_ended_owners()
    assert (released.id, released.attempts) == (library.export().id, 0)
