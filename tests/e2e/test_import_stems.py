"""`unbraid import-stems` in a process of its own, as a user runs it."""

import signal
from pathlib import Path

import psutil
import pytest
import soundfile

from desktop.paths import Home
from tests.helpers.command import run_unbraid, running_process, unbraid_command
from tests.helpers.library import wait_until
from tests.helpers.ready_stems import write_ni_stems, write_stem_folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


def test_folder_is_opened_once_and_can_be_exported(library: Path, tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "Band - Hit")
    (job,) = run_unbraid(library, "import-stems", folder, "--json").json_lines
    assert (job["status"], job["model"], job["null_dbfs"]) == ("completed", "ready-made", None)
    assert set(job["stems"]) == {"vocals", "drums", "bass"}
    again = run_unbraid(library, "import-stems", folder, "--json")
    assert again.json_lines == [job]
    assert again.stderr.startswith("These stems are already in your library.")
    copy = run_unbraid(library, "import-stems", folder, "--again", "--title", "Once more")
    assert copy.stdout.startswith("✓ Once more · Band  3 stems\n")
    assert "retry" not in copy.stdout
    exported = run_unbraid(library, "export", job["id"], "--to", tmp_path / "out", "--json").json_lines[0]
    assert exported["error"] is None
    assert sorted(Path(file).name for file in exported["files"]) == [
        f"Band - Hit ({stem}).wav" for stem in ("Bass", "Drums", "Vocals")
    ]


def test_song_can_be_analysed_removed_restored_and_separated_again(library: Path, tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", seconds=4)
    (job,) = run_unbraid(library, "import-stems", folder, "--json").json_lines
    (analysis,) = run_unbraid(library, "analyse", job["id"], "--json").json_lines
    assert analysis["tempo"] is None
    assert run_unbraid(library, "remove", job["id"]).exit_status == 0
    assert run_unbraid(library, "restore", job["id"]).exit_status == 0
    assert run_unbraid(library, "retry", job["id"], "--model", "sketch").exit_status == 0
    ((again,),) = run_unbraid(library, "jobs", "--json").json_lines
    assert (again["model"], again["null_dbfs"], again["frames"]) == ("sketch", -300.0, 4 * 44100)
    assert not Path(job["stems"]["drums"]).exists()


def test_stem_file_is_opened(library: Path, tmp_path: Path) -> None:
    path, _ = write_ni_stems(tmp_path)
    (job,) = run_unbraid(library, "import-stems", path, "--json").json_lines
    assert list(job["stems"]) == ["drums", "bass", "other", "vocals"]
    assert job["source"] == str(path)


@pytest.mark.parametrize("name", ["missing", "one file.wav"])
def test_what_is_no_set_of_stems_is_refused_in_a_sentence(name: str, library: Path, tmp_path: Path) -> None:
    write_stem_folder(tmp_path / "song", names=("one file",))
    result = run_unbraid(library, "import-stems", tmp_path / "song" / name)
    assert (result.exit_status, result.stdout) == (1, "")
    assert result.stderr.startswith(f"unbraid: {name} ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_ended_command_ends_its_process_and_leaves_no_song(end: int, library: Path, tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", seconds=120, names=("vocals", "drums"))
    with running_process(unbraid_command("import-stems", folder), library) as process:
        parent, jobs = psutil.Process(process.pid), Home(library).jobs
        wait_until(lambda: any(jobs.glob("*/run-1/*.decoded")), interval_s=0.01)
        children = parent.children(recursive=True)
        process.send_signal(end)
        assert process.wait(30) == (130 if end == signal.SIGINT else -end)
        assert not psutil.wait_procs(children, 30)[1]
    if end == signal.SIGINT:
        assert not list(jobs.iterdir())
    assert not run_unbraid(library, "jobs", "--json").json_lines[0]
    assert soundfile.info(folder / "vocals.wav").frames == 120 * 44100
