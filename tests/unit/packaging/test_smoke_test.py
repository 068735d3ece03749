"""The error lines that the smoke test recognises, and the files that it uses."""

import wave
from pathlib import Path

import pytest
from smoke_test import EXPORT_FORMATS, find_errors, find_program, write_tone

from desktop.audio_formats import AUDIO_FORMATS


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
    ids=["missing module", "missing library", "missing symbol", "traceback", "deprecation", "warning in a log"],
)
def test_line_about_a_missing_library_a_traceback_or_a_warning_is_an_error(line: str) -> None:
    assert find_errors(f"all well\n{line}\n") == line


def test_line_about_missing_hardware_or_system_settings_is_no_error() -> None:
    assert (
        find_errors(
            "ALSA lib pcm.c:2664: Error\n# WARNING Memory overcommit must be enabled!\nThere is no sound device."
        )
        == ""
    )


@pytest.mark.parametrize("path", ["unbraid", "unbraid-cli.exe", "Contents/MacOS/unbraid"])
def test_program_of_a_bundle_is_found_on_every_system(tmp_path: Path, path: str) -> None:
    program = tmp_path / path
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    assert find_program(tmp_path) == program
    assert find_program(program) == program


def test_tone_has_the_requested_length(tmp_path: Path) -> None:
    with wave.open(str(write_tone(tmp_path / "tone.wav", seconds=0.5))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 44100, 22050)


def test_every_format_is_exported() -> None:
    assert {name: audio_format.suffix for name, audio_format in AUDIO_FORMATS.items()} == EXPORT_FORMATS
