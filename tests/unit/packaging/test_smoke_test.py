"""What the smoke test takes for a bad sign, and what it tries."""

import wave
from pathlib import Path

import pytest
from smoke_test import find_errors, find_program, write_tone


@pytest.mark.parametrize(
    "line",
    [
        "ModuleNotFoundError: No module named 'torch.onnx'",
        "ImportError: libfoo.so.1: cannot open shared object file",
        "symbol lookup error: undefined symbol: _ZN5torch",
        "Traceback (most recent call last):",
        "/x.py:3: DeprecationWarning: gone soon",
        "2026-11-27 15:07:17,455 WARNING 31906 desktop.tasks.reconcile: The owner was lost",
    ],
)
def test_what_tells_of_something_missing_or_warns_is_a_bad_sign(line: str) -> None:
    assert find_errors(f"all well\n{line}\n") == line


def test_what_this_machine_lacks_is_no_fault_of_the_bundle() -> None:
    assert (
        find_errors(
            "ALSA lib pcm.c:2664: Error\n# WARNING Memory overcommit must be enabled!\nThere is no sound device."
        )
        == ""
    )


@pytest.mark.parametrize("place", ["unbraid", "unbraid-cli.exe", "Contents/MacOS/unbraid"])
def test_the_program_of_a_bundle_is_found_on_every_system(tmp_path: Path, place: str) -> None:
    program = tmp_path / place
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    assert find_program(tmp_path) == program
    assert find_program(program) == program


def test_the_tone_is_a_song_of_the_length_that_was_asked_for(tmp_path: Path) -> None:
    with wave.open(str(write_tone(tmp_path / "tone.wav", seconds=0.5))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 44100, 22050)
