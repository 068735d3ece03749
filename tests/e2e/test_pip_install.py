"""The app as pip and pipx install it: source archive, then wheel, then a new environment."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.helpers.catalogues import write_catalogue
from tests.helpers.command import ROOT, command_environment

SCRIPTS = "Scripts" if os.name == "nt" else "bin"
PRINT_COMPONENTS = """
from desktop.ui.dialogs.components import read_licence, list_components
unbraid, *others = list_components()
print(read_licence(unbraid))
print("\\n".join(part.name for part in others))
"""


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command and return its standard output; a failure shows its standard error."""
    result = subprocess.run(
        command, cwd=cwd, env=command_environment(cwd / "home", **environment), capture_output=True, text=True, timeout=240, check=False
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source archive, and the wheel from that archive alone, as pip does; unisolated, fast, offline."""
    folder = tmp_path_factory.mktemp("built")
    build_sdist = "from setuptools.build_meta import build_sdist; import sys; build_sdist(sys.argv[1])"
    # Build in a copy: setuptools leaves folders behind.
    shutil.copytree(
        ROOT, folder / "checkout", ignore=shutil.ignore_patterns(".*", "build", "dist", "tests", "__pycache__")
    )
    run(sys.executable, "-c", build_sdist, folder, cwd=folder / "checkout")
    (archive,) = folder.glob("unbraid-*.tar.gz")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, archive, cwd=folder)
    return next(folder.glob("unbraid-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new environment that contains only the wheel.

    The dependencies, several gigabytes, come from the environment that runs the tests: both have the versions pinned in
    pyproject.toml. A .pth file adds that environment's site-packages. Python does not process .pth files found there,
    so the checkout, which the tests' environment finds through such a file, stays invisible.
    """
    folder = tmp_path_factory.mktemp("pip") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / SCRIPTS / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    assert Path(run(python, "-c", "import desktop; print(desktop.__path__[0])", cwd=folder).strip()).parent == packages
    return folder


def test_wheel_contains_all_resources_except_the_scripts_that_generate_them(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("desktop/resources/")}
    resources = [
        path for path in (ROOT / "resources").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert names == {f"desktop/{path.relative_to(ROOT).as_posix()}" for path in resources}


def test_wheel_installs_only_desktop_into_site_packages(wheel: Path) -> None:
    top_level_names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in top_level_names if not top.endswith(".dist-info")} == {"desktop"}


@pytest.mark.release
def test_installed_command_separates_the_demo_song(installed: Path, tmp_path: Path) -> None:
    (demo,) = installed.rglob("Unbraid demo.flac")
    command = installed / SCRIPTS / "unbraid"
    (line,) = run(command, "separate", "--model", "sketch", "--json", "--out", "stems", demo, cwd=tmp_path).splitlines()
    assert json.loads(line)["status"] == "completed"
    assert len(list((tmp_path / "stems").rglob("*.wav"))) == 4


@pytest.mark.release
def test_installed_command_finds_its_catalogues(installed: Path, tmp_path: Path) -> None:
    (template,) = installed.rglob("unbraid.pot")
    write_catalogue(
        template.parent, "de", {"The library is empty. Add a song: unbraid separate FILE": "Die Bibliothek ist leer."}
    )
    try:
        output = run(installed / SCRIPTS / "unbraid", "jobs", cwd=tmp_path, UNBRAID_LANGUAGE="de")
    finally:
        shutil.rmtree(template.parent / "de")
    assert output == "Die Bibliothek ist leer.\n"


@pytest.mark.release
def test_installed_app_lists_its_components_and_their_licences(installed: Path, tmp_path: Path) -> None:
    output = run(installed / SCRIPTS / "python", "-c", PRINT_COMPONENTS, cwd=tmp_path)
    assert "MIT License" in output
    assert "openvino" in output
