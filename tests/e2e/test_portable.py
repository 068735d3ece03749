"""A library beside the packaged app: all of it stays there, and goes on wherever the two are carried."""

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
from desktop.settings import Settings, save_settings
from tests.helpers.command import ROOT
from tests.helpers.library import write_song
from tests.helpers.packaged import run_packaged, write_packaged_app
from tests.helpers.rows import update_rows

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the packaged app is stood in for by a shell script")


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """The app and its library."""
    folder = tmp_path / "stick one"
    write_packaged_app(folder / "Unbraid" / "unbraid")
    save_settings(
        Home(folder / "Unbraid" / PORTABLE_FOLDER_NAME).create_folders(), Settings(model="sketch", draft=False)
    )
    return folder


def app_on(stick: Path) -> Path:
    return write_packaged_app(stick / "Unbraid" / "unbraid")


def library_on(stick: Path) -> Home:
    return Home(stick / "Unbraid" / PORTABLE_FOLDER_NAME)


@pytest.mark.parametrize(
    ("executable", "library"),
    [
        ("Unbraid/unbraid", f"Unbraid/{PORTABLE_FOLDER_NAME}"),
        ("Unbraid/unbraid.exe", f"Unbraid/{PORTABLE_FOLDER_NAME}"),
        ("Unbraid.app/Contents/MacOS/unbraid", PORTABLE_FOLDER_NAME),
    ],
)
def test_a_folder_beside_the_packaged_app_is_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str, library: str
) -> None:
    monkeypatch.delenv("UNBRAID_HOME")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / executable))
    usual = find_home()
    assert tmp_path not in usual.root.parents
    (tmp_path / library).mkdir(parents=True)
    assert find_home() == Home(tmp_path / library)
    monkeypatch.setenv("UNBRAID_HOME", str(tmp_path / "another"))
    assert find_home() == Home(tmp_path / "another")
    monkeypatch.delenv("UNBRAID_HOME")
    monkeypatch.delattr(sys, "frozen")
    assert find_home() == usual, "a checkout is no packaged app"


def test_songs_are_separated_and_played_and_tried_again_wherever_the_stick_is_put(
    stick: Path, user: Path, tmp_path: Path
) -> None:
    song = write_song(user / "song.wav", 6.0)
    done = run_packaged(app_on(stick), "separate", "--json", "song.wav", home=user)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "completed"), done.stderr
    song.unlink()
    elsewhere = tmp_path / "stick two"
    stick.rename(elsewhere)
    library = library_on(elsewhere)
    (job,) = JobStore(library).jobs()
    assert StemFileSource([stem.path for stem in job.stems]).frames == 6 * 44100
    assert all(elsewhere in stem.path.parents for stem in job.stems)
    before = sum_of_stems(library)
    again = run_packaged(app_on(elsewhere), "retry", job.id, home=user)
    assert again.returncode == 0, again.stderr
    assert JobStore(library).job(job.id).state is JobState.COMPLETED
    np.testing.assert_array_equal(sum_of_stems(library), before)
    assert str(stick) not in again.stdout + again.stderr


def sum_of_stems(library: Home) -> np.ndarray:
    (job,) = JobStore(library).jobs()
    return np.sum([soundfile.read(stem.path, dtype="int16")[0].astype(np.int32) for stem in job.stems], axis=0)


def test_what_a_portable_app_writes_stays_on_the_stick(
    stick: Path, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_song(user / "song.wav", 6.0)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    assert run_packaged(app_on(stick), "separate", "song.wav", home=user).returncode == 0
    line = "(__import__('PySide6.QtWidgets').QtWidgets.QFileDialog(window).saveState(), quit()) if window.isVisible() else None"
    driving = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = [{line!r}]; from desktop.runtime.environment import redirect_caches; redirect_caches(); import runpy; runpy.run_module('tests.helpers.driven', run_name='__main__')"
    window = run_packaged(app_on(stick), "--python", driving, home=user)
    assert window.returncode == 0, window.stderr
    assert [path.name for path in user.rglob("*")] == ["song.wav"]
    assert not list(temporary.iterdir())
    assert "window.log" in {path.name for path in library_on(stick).logs.iterdir()}


def test_a_song_is_found_by_a_system_that_takes_another_part_of_its_path_for_the_name(stick: Path, user: Path) -> None:
    write_song(user / "song.wav", 6.0)
    assert run_packaged(app_on(stick), "separate", "song.wav", home=user).returncode == 0
    library = library_on(stick)
    (job,) = JobStore(library).jobs()
    update_rows(library, "source = :source", job, source=rb"E:\music\song.wav".hex())
    shutil.rmtree(user)
    user.mkdir()
    assert run_packaged(app_on(stick), "retry", job.id, home=user).returncode == 0
