"""Which libraries of the machine that builds are in the bundle: those that are named, on every machine."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_libraries import find_missing_libraries, select_libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="on other systems packages bring all that they need")

ENVIRONMENT = Path("/build/.venv")
# What PyInstaller finds on a machine without GTK.
BARE = [
    ("PySide6/Qt/lib/libQt6Core.so.6", "/build/.venv/lib/python3.11/site-packages/PySide6/Qt/lib/libQt6Core.so.6", "BINARY"),
    ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK"),
    ("libxcb-cursor.so.0", "/lib/x86_64-linux-gnu/libxcb-cursor.so.0", "BINARY"),
    ("python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "/usr/lib/python3.11/lib-dynload/_ssl.so", "EXTENSION"),
    ("libpython3.11.so.1.0", "/usr/local/lib/libpython3.11.so.1.0", "BINARY"),
]  # fmt: skip
DESKTOP = [
    ("libgtk-3.so.0", "/lib/x86_64-linux-gnu/libgtk-3.so.0.2406.32", "BINARY"),
    ("libjack.so.0", "/lib/x86_64-linux-gnu/libjack.so.0.1.0", "BINARY"),
    ("lib/libgtk-3.so", "../libgtk-3.so.0", "SYMLINK"),
    ("libGL.so.1", "/lib/x86_64-linux-gnu/libGL.so.1", "BINARY"),
]


def test_bundle_of_a_machine_with_gtk_is_that_of_one_without() -> None:
    assert select_libraries(BARE, [ENVIRONMENT]) == (BARE, [])
    assert select_libraries([*DESKTOP, *BARE], [ENVIRONMENT]) == (BARE, ["libgtk-3.so.0", "libjack.so.0"])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A library of ours that is linked with another, and both beside each other."""
    compiler = shutil.which("cc") or pytest.skip("there is no C compiler here")
    (tmp_path / "libother.so.1").touch()
    for name, needed in {"libother.so.1": [], "libours.so": ["libother.so.1", "-lm"]}.items():
        words = [compiler, "-shared", "-Wl,--no-as-needed", f"-Wl,-soname,{name}", "-o", name, "-x", "c", "/dev/null"]
        subprocess.run([*words, "-x", "none", *needed], cwd=tmp_path, check=True)
    return tmp_path


def test_library_that_is_needed_and_missing_is_found_before_a_user_misses_it(bundle: Path) -> None:
    assert find_missing_libraries(bundle) == {}
    (bundle / "libother.so.1").unlink()
    assert find_missing_libraries(bundle) == {"libother.so.1": "libours.so"}
