import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.audio.names import printable, safe_file_name
from tests.helpers.command import ROOT


def test_printable_name_is_shown_unchanged() -> None:
    assert printable("Café del Mar – 音楽 🎸.flac") == "Café del Mar – 音楽 🎸.flac"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("new\nline.wav", "new\\x0aline.wav"),
        ("\u202ertl_vaw.wav", "\\u202ertl_vaw.wav"),
        ("tab\there.wav", "tab\\x09here.wav"),
        ("latin1_\udce9.wav", "latin1_\\udce9.wav"),
        (" both ends ", "“ both ends ”"),
    ],
)
def test_deceptive_characters_are_escaped(name: str, expected: str) -> None:
    assert printable(name) == expected


def test_long_name_is_shortened_in_the_middle() -> None:
    text = printable("a" * 200 + "live at home.wav", max_length=40)
    assert len(text) == 40
    assert text.endswith("home.wav")
    assert "…" in text


@given(st.text(), st.integers(8, 200))
def test_printable_names_are_short_and_contain_no_control_characters(name: str, limit: int) -> None:
    text = printable(name, max_length=limit)
    assert len(text) <= limit
    assert not any(character in text for character in "\n\r\t\x1b\u202e\u2066\u200b")


@given(st.text(st.characters(), max_size=300))
def test_safe_names_are_valid_on_every_platform(name: str) -> None:
    safe = safe_file_name(name)
    assert 0 < len(os.fsencode(safe)) <= 120
    assert not set(safe) & set('<>:"/\\|?*\0\n')
    assert safe not in (".", "..")
    assert safe[-1] not in " ."
    assert safe[0] not in " .-"


@pytest.mark.parametrize("name", ["CON", "con.wav", "Aux.tar.gz", "lpt1", "NUL .txt", "CONIN$"])
def test_windows_device_names_get_a_prefix(name: str) -> None:
    assert safe_file_name(name).startswith("_")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Night Drive", "Night Drive"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("AC/DC: T.N.T.", "AC_DC_ T.N.T"),
        ("--help", "help"),
        ("...", "untitled"),
        ("", "untitled"),
        ("cafe\u0301", "café"),
    ],
)
def test_safe_name_keeps_all_valid_characters(name: str, expected: str) -> None:
    assert safe_file_name(name) == expected


def test_safe_name_is_cut_between_characters() -> None:
    assert safe_file_name("音" * 83) == "音" * 40


def test_file_can_be_created_with_every_safe_name(tmp_path: Path) -> None:
    for name in ("a" * 300, "x\0y", "-rf", "star*?[x]", "\udce9", " lead and trail "):
        file = tmp_path / safe_file_name(name)
        file.write_bytes(b"1")
        assert file.read_bytes() == b"1"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are Unicode whatever the locale says")
def test_safe_name_contains_only_characters_of_the_file_system_encoding() -> None:
    script = r"from desktop.audio.names import safe_file_name; print(safe_file_name('Gr\u00fc\u00dfe 1'))"
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | ascii_only,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "Gr__e 1\n"
