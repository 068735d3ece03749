"""Exports by the real worker: killed, cancelled, interrupted by a draft, and continued at the next start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import ExportState
from desktop.jobs.model import Job, JobOptions, JobState
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.settings_file import SettingsFile
from tests.helpers.command import run_unbraid
from tests.helpers.library import RunningLibrary, running_library, write_song
from tests.helpers.resume import find_draft_worker
from tests.helpers.stems import write_library_job

TITLES = ("One", "Two", "Three", "Four")
# Takes seconds for each song, so that what a test does to it happens in the middle.
SLOW = ExportSettings(ExportKind.MINUS, file_format="mp3", normalises=True)
FILES = sorted(f"Mara Lind - {title} (No {stem}).mp3" for title in TITLES for stem in ("vocals", "drums"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="module")
def songs(root: Path) -> list[Job]:
    """Return songs of a quarter of a minute that are separated."""
    home = Home(root).create_folders()
    store = JobStore(home)
    return [store.insert(write_library_job(home, title, stem_count=2, seconds=15.0)) for title in TITLES]


@pytest.fixture
def library(root: Path, songs: list[Job]) -> Iterator[RunningLibrary]:
    with running_library(root, drafts=True) as library:
        library.wait_until(lambda: _has_draft_worker(root))
        yield library
        for export in library.service.exports():
            library.service.cancel_export(export.id)
            library.service.forget_export(library.wait_for_export(export).id)


def _has_draft_worker(root: Path) -> bool:
    try:
        return find_draft_worker(root).is_running()
    except StopIteration:
        return False


def names_in(folder: Path) -> list[str]:
    """Return the names of all files and folders, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())


def test_worker_that_is_killed_in_the_middle_is_replaced_and_every_file_is_there_once(
    library: RunningLibrary, songs: list[Job], tmp_path: Path
) -> None:
    export = library.service.start_export(songs, SLOW, tmp_path)
    library.wait_until(lambda: any(p.songs_done == 1 and p.fraction > 0.26 for p in library.export_progress))
    find_draft_worker(library.home.root).kill()
    killed = library.export(export)
    assert not killed.state.has_ended
    assert len(killed.results) < len(songs)
    done = library.wait_for_export(export)
    assert (done.state, done.file_count) == (ExportState.DONE, len(FILES))
    assert names_in(tmp_path) == FILES
    assert {progress.songs_total for progress in library.export_progress} == {len(songs)}
    assert any(progress.seconds_left is not None for progress in library.export_progress)


def test_draft_gets_its_turn_in_the_middle_of_an_export(
    library: RunningLibrary, songs: list[Job], tmp_path: Path
) -> None:
    library.service.pause_queue()
    new = library.service.add(write_song(tmp_path / "new.wav"), JobOptions(model="sketch"))
    out = tmp_path / "out"
    export = library.service.start_export(songs * 4, SLOW, out)
    library.wait_until(lambda: bool(library.export_progress))
    library.service.request_draft(new.id)
    library.wait_until(lambda: any(draft.complete for draft in library.drafts))
    assert not library.export(export).state.has_ended, "the draft did not wait for the export"
    library.service.cancel_export(export.id)
    cancelled = library.wait_for_export(export)
    assert cancelled.state is ExportState.CANCELLED
    assert names_in(out) == sorted(path.name for result in cancelled.exported for path in result.files)
    library.service.remove_jobs([new.id])
    library.service.resume_queue()


def test_export_goes_on_at_the_next_start_and_leaves_nothing_hidden_meanwhile(
    root: Path, songs: list[Job], tmp_path: Path
) -> None:
    with running_library(root, drafts=True) as library:
        export = library.service.start_export(songs, SLOW, tmp_path)
        library.wait_until(lambda: any(progress.fraction > 0.01 for progress in library.export_progress))
    assert not [name for name in names_in(tmp_path) if name.startswith(".")]
    with running_library(root, drafts=True) as library:
        assert library.wait_for_export(export).state is ExportState.DONE
        assert names_in(tmp_path) == FILES
        library.service.forget_export(export.id)


def test_export_is_made_although_the_terminal_supervises_which_makes_no_drafts(
    root: Path, songs: list[Job], tmp_path: Path
) -> None:
    with running_library(root) as library:
        export = library.service.start_export(songs[:1], ExportSettings(), tmp_path)
        assert library.wait_for_export(export).state is ExportState.DONE
        library.service.forget_export(export.id)


def test_finished_song_is_exported_by_itself_without_a_window(root: Path, tmp_path: Path) -> None:
    SettingsFile(Home(root)).change(auto_export=True, auto_export_folder=str(tmp_path / "Stems"))
    try:
        with running_library(root) as library:
            job = library.service.add(write_song(tmp_path / "new.wav"), JobOptions(model="sketch"))
            library.wait_for(job, JobState.COMPLETED)
            (export,) = library.service.exports()
            assert library.wait_for_export(export).state is ExportState.DONE
            library.service.forget_export(export.id)
            library.service.remove_jobs([job.id])
    finally:
        SettingsFile(Home(root)).change(auto_export=False)
    assert len(names_in(tmp_path / "Stems")) == 4


def test_command_exports_with_all_of_its_options_without_a_worker(root: Path, songs: list[Job], tmp_path: Path) -> None:
    ids = [song.id[:8] for song in songs[:2]]
    options = ("--what", "minus", "--stems", "vocals", "--format", "flac", "--depth", "24", "--sample-rate", "48000")
    switches = ("--levels", "--practice", "--loop", "--normalise", "--name", "{title} {part}", "--json")
    result = run_unbraid(root, "export", *ids, *options, *switches, "--out", str(tmp_path / "out"))
    assert [(printed["title"], printed["error"]) for printed in result.json_lines] == [("One", None), ("Two", None)]
    assert [printed["files"] for printed in result.json_lines] == [
        [str(tmp_path / "out" / f"{title} No vocals.flac")] for title in ("One", "Two")
    ]
    assert names_in(tmp_path / "out") == ["One No vocals.flac", "Two No vocals.flac"]


def test_command_exports_a_stem_file_in_one_of_its_two_formats(root: Path, songs: list[Job], tmp_path: Path) -> None:
    song, options = songs[0].id[:8], ("--what", "ni-stem", "--to", str(tmp_path))
    assert run_unbraid(root, "export", song, *options).exit_status == 0
    assert run_unbraid(root, "export", song, *options, "--format", "alac").exit_status == 0
    assert names_in(tmp_path) == ["Mara Lind - One 2.stem.mp4", "Mara Lind - One.stem.mp4"]
    refused = run_unbraid(root, "export", song, *options, "--format", "flac")
    assert (refused.exit_status, refused.stderr) == (1, "unbraid: Stem files have one of the formats m4a, alac.\n")


def test_command_exports_a_project_beside_lossless_stems(root: Path, songs: list[Job], tmp_path: Path) -> None:
    song, options = songs[0].id[:8], ("--project", "reaper", "--to", str(tmp_path))
    assert run_unbraid(root, "export", song, *options).exit_status == 0
    files = ("Drums).wav", "Project).rpp", "Tempo map).mid", "Vocals).wav")
    assert names_in(tmp_path) == [f"Mara Lind - One ({file}" for file in files]
    refused = run_unbraid(root, "export", song, *options, "--what", "mix")
    assert (refused.exit_status, refused.stderr) == (1, "unbraid: A project needs stems, as WAV or FLAC.\n")


def test_command_says_why_it_exports_nothing(root: Path, songs: list[Job], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run_unbraid(root, "export", songs[0].id[:8], "--to", str(tmp_path / "file"))
    assert result.exit_status == 1
    assert "cannot be exported to" in result.stderr
    result = run_unbraid(root, "export", songs[0].id[:8], "--to", str(tmp_path), "--name", "{nonsense}")
    assert "There is no field {nonsense}." in result.stderr
