"""`unbraid analyse` in a process of its own, as a user runs it."""

import signal
import subprocess
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.helpers.command import run_unbraid, running_process, unbraid_command
from tests.helpers.library import wait_until
from tests.helpers.music import KEY_NAME, TEMPO_BPM, write_music
from tests.helpers.sound import run_ffmpeg


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library")


def test_compressed_file_is_analysed_without_a_library(library: Path, tmp_path: Path) -> None:
    song = write_music(tmp_path / "song.wav")
    run_ffmpeg("-i", song, tmp_path / "song.mp3")
    result = run_unbraid(library, "analyse", tmp_path / "song.mp3", "--json")
    assert (result.exit_status, result.stderr) == (0, "")
    (analysis,) = result.json_lines
    assert analysis["tempo"] == pytest.approx(TEMPO_BPM, rel=0.01)
    assert (analysis["key"], analysis["relative_key"]) == (KEY_NAME, "C major")
    assert analysis["first_beat"] == pytest.approx(analysis["beats"][0])
    assert not list(library.iterdir())


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("damaged.mp3", "damaged.mp3 is not an audio file, or it is damaged."),
        ("missing.mp3", "missing.mp3 was not found."),
        ("beef", "No song has the id beef."),
    ],
)
def test_what_cannot_be_analysed_is_named_in_a_sentence(
    library: Path, tmp_path: Path, argument: str, sentence: str
) -> None:
    (tmp_path / "damaged.mp3").write_bytes(b"not a song" * 100)
    target = tmp_path / argument if "." in argument else argument
    result = run_unbraid(library, "analyse", target)
    assert result.exit_status == 1
    assert result.stderr.startswith(f"unbraid: {sentence}")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_ctrl_c_ends_the_command_and_its_process(library: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", np.zeros(3600 * 8000, np.int16), 8000)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with running_process(unbraid_command("analyse", tmp_path / "long.wav"), library, **pipes) as process:
        parent = psutil.Process(process.pid)
        wait_until(lambda: bool(parent.children()), interval_s=0.02)
        (child,) = parent.children()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (130, b"")
        assert not child.is_running()
