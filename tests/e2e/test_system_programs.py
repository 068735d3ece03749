"""System programs that the packaged app starts load the system's libraries, not the app's."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from desktop.runtime.environment import restore_library_path
from tests.helpers.library import wait_until
from tests.helpers.packaged_app import user_environment, write_packaged_app
from tests.helpers.screen import virtual_screen

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has LD_LIBRARY_PATH")

# Variables that PyInstaller's bootloader sets in a bundled process.
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


def environment_received_by(program: str, *arguments: str, user: Path, **extra: str) -> dict[str, str]:
    """Run the packaged app with these arguments, and return the environment in which it starts `program`."""
    received = user / "received"
    stand_in = user / "bin" / program
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\nenv --null > {received}.part; mv {received}.part {received}\n")
    stand_in.chmod(0o755)
    environment = user_environment(user) | SET_BY_PYINSTALLER | extra
    environment["PATH"] = f"{stand_in.parent}:{environment['PATH']}"
    subprocess.run(
        [write_packaged_app(user / "unbraid"), *arguments],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    wait_until(received.exists)  # Qt does not wait for the programs that it starts
    return dict(line.split("=", 1) for line in received.read_text().split("\0") if line)


def bundle_variables(environment: dict[str, str]) -> Sequence[str]:
    return [name for name, value in environment.items() if name in SET_BY_PYINSTALLER or "/bundle" in value]


def test_startup_error_dialog_program_gets_no_bundle_variables(tmp_path: Path) -> None:
    received = environment_received_by("zenity", user=tmp_path, QT_QPA_PLATFORM="nowhere")
    assert received["HOME"] == str(tmp_path)
    assert not bundle_variables(received)


def test_startup_error_dialog_program_gets_the_users_own_library_path(tmp_path: Path) -> None:
    variables = {"LD_LIBRARY_PATH": "/bundle/_internal:/opt/mine", "LD_LIBRARY_PATH_ORIG": "/opt/mine"}
    received = environment_received_by("zenity", user=tmp_path, QT_QPA_PLATFORM="nowhere", **variables)
    assert received["LD_LIBRARY_PATH"] == "/opt/mine"
    assert "LD_LIBRARY_PATH_ORIG" not in received


def test_folder_opener_started_by_qt_gets_no_bundle_variables(tmp_path: Path) -> None:
    with virtual_screen() as screen:
        received = environment_received_by("xdg-open", "--python", SHOW_FILES, user=tmp_path, **screen.environment)
    assert received["DISPLAY"] == screen.environment["DISPLAY"]
    assert not bundle_variables(received)


def test_checkout_keeps_the_users_library_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/mine")
    restore_library_path()
    assert subprocess.run(["sh", "-c", "echo $LD_LIBRARY_PATH"], capture_output=True, text=True, check=True).stdout == "/opt/mine\n"  # fmt: skip
