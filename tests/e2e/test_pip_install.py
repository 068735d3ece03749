"""The app as pip and pipx install it: from the source archive, through the wheel, into an environment of its own."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.helpers.command import ROOT, command_environment

SCRIPTS = "Scripts" if os.name == "nt" else "bin"
PARTS = """
from desktop.ui.dialogs.components import read_licence, list_components
unbraid, *others = list_components()
print(read_licence(unbraid))
print("\\n".join(part.name for part in others))
"""


def run(*words: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command and return its standard output; its errors are in the failure."""
    answer = subprocess.run(
        words, cwd=cwd, env=command_environment(cwd / "home", **environment), capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from nothing else, as pip does. Without isolation: offline, and quickly."""
    folder = tmp_path_factory.mktemp("built")
    make = "from setuptools.build_meta import build_sdist; import sys; build_sdist(sys.argv[1])"
    # A copy: setuptools leaves folders of its own where it builds.
    shutil.copytree(
        ROOT, folder / "checkout", ignore=shutil.ignore_patterns(".*", "build", "dist", "tests", "__pycache__")
    )
    run(sys.executable, "-c", make, folder, cwd=folder / "checkout")
    (source,) = folder.glob("unbraid-*.tar.gz")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source, cwd=folder)
    return next(folder.glob("unbraid-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing in it but the wheel.

    Its dependencies, gigabytes of them, are those of the environment that runs the tests: their versions are the same
    pins of pyproject.toml. They are seen through a .pth file, and Python reads no .pth files in the folder that one
    names: so the checkout, which the tests' environment finds by such a file, is out of sight.
    """
    folder = tmp_path_factory.mktemp("pip") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / SCRIPTS / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    assert Path(run(python, "-c", "import desktop; print(desktop.__path__[0])", cwd=folder).strip()).parent == packages
    return folder


def test_wheel_holds_all_resources_but_the_scripts_that_made_them(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("desktop/resources/")}
    resources = [
        path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert names == {f"desktop/{path.relative_to(ROOT).as_posix()}" for path in resources}


def test_wheel_claims_no_name_in_site_packages_but_desktop(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"desktop"}


def test_installed_command_separates_the_demo_song(installed: Path, tmp_path: Path) -> None:
    (demo,) = installed.rglob("Unbraid demo.flac")
    command = installed / SCRIPTS / "unbraid"
    (line,) = run(command, "separate", "--model", "sketch", "--json", "--out", "stems", demo, cwd=tmp_path).splitlines()
    assert json.loads(line)["status"] == "completed"
    assert len(list((tmp_path / "stems").rglob("*.wav"))) == 4


def test_installed_app_lists_its_parts_and_their_licences(installed: Path, tmp_path: Path) -> None:
    told = run(installed / SCRIPTS / "python", "-c", PARTS, cwd=tmp_path)
    assert "MIT License" in told
    assert "openvino" in told
