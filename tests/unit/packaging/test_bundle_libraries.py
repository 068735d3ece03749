"""The bundle contains the same system libraries, those in the list, on every build machine."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bundle_libraries import find_missing_libraries, select_libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="on other systems the packages contain all libraries")

ENVIRONMENT = Path("/build/.venv")
# What PyInstaller finds on a machine without GTK.
CLEAN = [
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


def test_bundle_built_with_gtk_installed_is_the_same_as_without() -> None:
    assert select_libraries(CLEAN, [ENVIRONMENT]) == (CLEAN, [])
    assert select_libraries([*DESKTOP, *CLEAN], [ENVIRONMENT]) == (CLEAN, ["libgtk-3.so.0", "libjack.so.0"])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder with a library and another one that it is linked with."""
    compiler = shutil.which("cc") or pytest.skip("there is no C compiler here")
    (tmp_path / "libother.so.1").touch()
    for name, needed in {"libother.so.1": [], "libours.so": ["libother.so.1", "-lm"]}.items():
        command = [compiler, "-shared", "-Wl,--no-as-needed", f"-Wl,-soname,{name}", "-o", name, "-x", "c", "/dev/null"]
        subprocess.run([*command, "-x", "none", *needed], cwd=tmp_path, check=True)
    return tmp_path


def test_library_that_another_one_needs_is_reported_when_it_is_missing(bundle: Path) -> None:
    assert find_missing_libraries(bundle) == {}
    (bundle / "libother.so.1").unlink()
    assert find_missing_libraries(bundle) == {"libother.so.1": "libours.so"}
