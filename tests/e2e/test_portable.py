"""Portable mode: the library lies beside the packaged app, contains everything, and works after both are moved."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.jobs.model import JobState
from desktop.jobs.store import JobStore
from desktop.paths import PORTABLE_FOLDER_NAME, Home, find_home
from desktop.playback.source import StemFileSource
from desktop.settings import Settings
from tests.helpers.command import ROOT
from tests.helpers.library import write_song
from tests.helpers.packaged_app import run_packaged, write_packaged_app
from tests.helpers.rows import update_rows
from tests.helpers.settings import save_settings

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell script replaces the packaged app")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Write the packaged app and a library beside it, and return their folder."""
    folder = tmp_path / "stick one"
    write_packaged_app(folder / "Unbraid" / "unbraid")
    save_settings(
        Home(folder / "Unbraid" / PORTABLE_FOLDER_NAME).create_folders(), Settings(model="sketch", draft=False)
    )
    return folder


def write_app(stick: Path) -> Path:
    return write_packaged_app(stick / "Unbraid" / "unbraid")


def portable_library(stick: Path) -> Home:
    return Home(stick / "Unbraid" / PORTABLE_FOLDER_NAME)


@pytest.mark.parametrize(
    ("executable", "library"),
    [
        ("Unbraid/unbraid", f"Unbraid/{PORTABLE_FOLDER_NAME}"),
        ("Unbraid/unbraid.exe", f"Unbraid/{PORTABLE_FOLDER_NAME}"),
        ("Unbraid.app/Contents/MacOS/unbraid", PORTABLE_FOLDER_NAME),
    ],
)
def test_folder_beside_the_packaged_app_is_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str, library: str
) -> None:
    monkeypatch.delenv("UNBRAID_HOME")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / executable))
    default_home = find_home()
    assert tmp_path not in default_home.root.parents
    (tmp_path / library).mkdir(parents=True)
    assert find_home() == Home(tmp_path / library)
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "another"))
    assert find_home() == Home(tmp_path / "another")
    monkeypatch.delenv("UNBRAID_HOME")
    monkeypatch.delattr(sys, "frozen")
    assert find_home() == default_home, "a checkout is not a packaged app"


def test_moved_portable_library_plays_and_retries_its_jobs(stick: Path, user: Path, tmp_path: Path) -> None:
    song = write_song(user / "song.wav", 6.0)
    separated = run_packaged(write_app(stick), "separate", "--json", "song.wav", home=user)
    assert (separated.returncode, json.loads(separated.stdout)["status"]) == (0, "completed"), separated.stderr
    song.unlink()
    moved_stick = tmp_path / "stick two"
    stick.rename(moved_stick)
    library = portable_library(moved_stick)
    (job,) = JobStore(library).jobs()
    assert StemFileSource([stem.path for stem in job.stems]).frames == 6 * 44100
    assert all(moved_stick in stem.path.parents for stem in job.stems)
    before = sum_of_stems(library)
    retried = run_packaged(write_app(moved_stick), "retry", job.id, home=user)
    assert retried.returncode == 0, retried.stderr
    assert JobStore(library).job(job.id).state is JobState.COMPLETED
    np.testing.assert_array_equal(sum_of_stems(library), before)
    assert str(stick) not in retried.stdout + retried.stderr


def sum_of_stems(library: Home) -> np.ndarray:
    (job,) = JobStore(library).jobs()
    return np.sum([soundfile.read(stem.path, dtype="int16")[0].astype(np.int32) for stem in job.stems], axis=0)


def test_portable_app_writes_only_beside_itself(
    stick: Path, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_song(user / "song.wav", 6.0)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    assert run_packaged(write_app(stick), "separate", "song.wav", home=user).returncode == 0
    expression = "(__import__('PySide6.QtWidgets').QtWidgets.QFileDialog(window).saveState(), quit()) if window.isVisible() else None"
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = [{expression!r}]; from desktop.runtime.environment import redirect_caches; redirect_caches(); import runpy; runpy.run_module('tests.helpers.driven_window', run_name='__main__')"
    result = run_packaged(write_app(stick), "--python", script, home=user)
    assert result.returncode == 0, result.stderr
    assert [path.name for path in user.rglob("*")] == ["song.wav"]
    assert not list(temporary.iterdir())
    assert "window.log" in {path.name for path in portable_library(stick).logs.iterdir()}


def test_retry_finds_the_librarys_copy_of_a_track_whose_path_is_from_another_system(stick: Path, user: Path) -> None:
    write_song(user / "song.wav", 6.0)
    assert run_packaged(write_app(stick), "separate", "song.wav", home=user).returncode == 0
    library = portable_library(stick)
    (job,) = JobStore(library).jobs()
    update_rows(library, "source = :source", job, source=rb"E:\music\song.wav".hex())
    shutil.rmtree(user)
    user.mkdir()
    assert run_packaged(write_app(stick), "retry", job.id, home=user).returncode == 0
