"""The stretcher's recipe: its source is the locked package's, and its interface the one that the app calls."""

import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import sources
from stretch import build

from desktop.playback import stretch_native


def test_source_is_the_archive_of_the_package_that_is_locked() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pin = sources.read_pin("python-stretch")
    assert any(name.startswith(f"python-stretch=={pin['version']};") for name in project["dependencies"])
    lock = (sources.ROOT / "scripts" / "lock" / "app.txt").read_text(encoding="utf-8")
    (locked,) = re.findall(r"^python-stretch==.*\n(?:    --hash.*\n)*", lock, re.MULTILINE)
    assert f"sha256:{pin['files'][0]['sha256']}" in locked


def test_app_loads_the_file_that_the_recipe_makes_and_calls_the_functions_that_it_exports() -> None:
    assert stretch_native._LIBRARY == build.LIBRARY
    exported = set(re.findall(r"^EXPORT .*?(stretch_\w+)\(", build.SOURCE.read_text(encoding="utf-8"), re.MULTILINE))
    called = set(re.findall(r"library\.(stretch_\w+)", Path(stretch_native.__file__).read_text(encoding="utf-8")))
    assert exported == called


def test_without_a_compiler_nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(build, "fetch_files", pytest.fail)
    with pytest.raises(sources.BuildError, match="no C\\+\\+ compiler"):
        build.main(tmp_path)


@pytest.mark.parametrize(
    ("compiler", "expected"),
    [("/usr/bin/c++", ["-shared", "-fPIC", "-Iinclude"]), ("C:/VC/cl.exe", ["/LD", "/Iinclude", "/Fe:unbraid-stretch.dll"])],
)  # fmt: skip
def test_command_fits_the_compiler(compiler: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if expected[0] == "/LD":
        monkeypatch.setattr(build, "LIBRARY", "unbraid-stretch.dll")
    elif sys.platform == "win32":
        pytest.skip("position-independent anyway")
    assert set(expected) < set(build.compile_command(compiler))
