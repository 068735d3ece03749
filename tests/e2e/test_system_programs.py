"""Programs of the system that the packaged app starts find the system's libraries, not the app's."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from desktop.runtime.environment import restore_library_path
from tests.helpers.library import wait_until
from tests.helpers.packaged import user_environment, write_packaged_app
from tests.helpers.screen import virtual_screen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no variable leads to libraries")

# What PyInstaller's start sets in a process of a bundle.
SET_BY_PYINSTALLER = {
    "LD_LIBRARY_PATH": "/bundle/_internal",
    "_PYI_ARCHIVE_FILE": "/bundle/unbraid",
    "_PYI_PARENT_PROCESS_LEVEL": "1",
    "_PYI_LINUX_PROCESS_NAME": "unbraid",
}
SHOW_FILES = """
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from desktop.runtime.environment import restore_library_path
restore_library_path()
application = QGuiApplication([])
assert QDesktopServices.openUrl(QUrl.fromLocalFile("/tmp"))
"""


def given_to(program: str, *words: str, user: Path, **more: str) -> dict[str, str]:
    """The environment that a program of the system gets, when the packaged app runs with those words and starts it."""
    heard = user / "heard"
    stand_in = user / "bin" / program
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\nenv --null > {heard}.part; mv {heard}.part {heard}\n")
    stand_in.chmod(0o755)
    environment = user_environment(user) | SET_BY_PYINSTALLER | more
    environment["PATH"] = f"{stand_in.parent}:{environment['PATH']}"
    subprocess.run(
        [write_packaged_app(user / "unbraid"), *words], env=environment, capture_output=True, timeout=60, check=False
    )
    wait_until(heard.exists)  # Qt waits for nothing that it starts
    return dict(line.split("=", 1) for line in heard.read_text().split("\0") if line)


def of_the_bundle(environment: dict[str, str]) -> Sequence[str]:
    return [name for name, value in environment.items() if name in SET_BY_PYINSTALLER or "/bundle" in value]


def test_what_says_the_last_words_gets_nothing_of_the_bundle(tmp_path: Path) -> None:
    got = given_to("zenity", user=tmp_path, QT_QPA_PLATFORM="nowhere")
    assert got["HOME"] == str(tmp_path)
    assert not of_the_bundle(got)


def test_what_says_the_last_words_gets_the_users_own_libraries(tmp_path: Path) -> None:
    kept = {"LD_LIBRARY_PATH": "/bundle/_internal:/opt/mine", "LD_LIBRARY_PATH_ORIG": "/opt/mine"}
    got = given_to("zenity", user=tmp_path, QT_QPA_PLATFORM="nowhere", **kept)
    assert got["LD_LIBRARY_PATH"] == "/opt/mine"
    assert "LD_LIBRARY_PATH_ORIG" not in got


def test_what_qt_opens_a_folder_with_gets_nothing_of_the_bundle(tmp_path: Path) -> None:
    with virtual_screen() as screen:
        got = given_to("xdg-open", "--python", SHOW_FILES, user=tmp_path, **screen.environment)
    assert got["DISPLAY"] == screen.environment["DISPLAY"]
    assert not of_the_bundle(got)


def test_in_a_checkout_the_variables_are_the_users_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/mine")
    restore_library_path()
    assert subprocess.run(["sh", "-c", "echo $LD_LIBRARY_PATH"], capture_output=True, text=True, check=True).stdout == "/opt/mine\n"  # fmt: skip
