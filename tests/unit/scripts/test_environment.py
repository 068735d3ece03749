import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from setup_console import NoBuildError, SetUpError
from setup_environment import Environment, find_damaged

Wheel = Callable[..., str]


@pytest.fixture
def environment(pristine: Path, tmp_path: Path) -> Environment:
    root = tmp_path / "checkout"
    shutil.copytree(pristine, root, symlinks=True)
    environment = Environment(root)
    environment.state_folder.mkdir(exist_ok=True)
    (environment.state_folder / "place").write_bytes(os.fsencode(pristine / ".venv"))
    return environment


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "app.txt"


def run(environment: Environment, *arguments: str) -> str:
    result = subprocess.run([str(environment.python), *arguments], capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_fresh_environment_is_usable(environment: Environment) -> None:
    assert environment.is_usable()


def test_environment_without_its_python_is_not_usable(environment: Environment) -> None:
    for python in environment.scripts.glob("python*"):
        python.unlink()
    assert not environment.is_usable()


def test_environment_with_an_incomplete_pip_is_not_usable(environment: Environment) -> None:
    (environment.site_packages / "pip" / "_internal" / "self_outdated_check.py").unlink()
    assert not environment.is_usable()


def test_environment_of_another_python_version_is_not_usable(environment: Environment) -> None:
    environment.site_packages.parent.rename(environment.site_packages.parent.with_name("python3.10"))
    assert not environment.is_usable()


def test_missing_environment_is_not_usable(tmp_path: Path) -> None:
    assert not Environment(tmp_path).is_usable()


@pytest.mark.release
def test_broken_environment_is_replaced(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    environment.folder.mkdir()
    (environment.folder / "lib").write_text("rubbish")
    environment.create()
    assert environment.is_usable()


def test_locked_packages_are_installed_once(
    environment: Environment, lock: Path, wheel: Wheel, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.write_text(wheel("tiny"))
    environment.install(lock, "a tiny package")
    environment.install(lock, "a tiny package")
    assert capsys.readouterr().err.count("Installing a tiny package.") == 1
    assert run(environment, "-c", "import tiny; print(tiny.VALUE)") == "1"


def test_package_with_another_digest_is_refused(environment: Environment, lock: Path, wheel: Wheel) -> None:
    line = wheel("tiny")
    wheel("tiny", content="VALUE = 'somebody else wrote this'\n")
    lock.write_text(line)
    with pytest.raises(SetUpError, match="not the one that was locked"):
        environment.install(lock, "a tiny package")
    assert not environment.has_installed(lock)
    assert not list(environment.site_packages.glob("tiny*"))


@pytest.mark.usefixtures("package_server")
def test_package_that_no_index_offers_raises_no_build_error(environment: Environment, lock: Path) -> None:
    lock.write_text(f"nowhere==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(NoBuildError):
        environment.install(lock, "a package")


@pytest.mark.release
def test_package_that_lost_a_file_is_repaired(environment: Environment, lock: Path, wheel: Wheel) -> None:
    lock.write_text(wheel("tiny"))
    environment.install(lock, "a tiny package")
    (environment.site_packages / "tiny" / "__init__.py").unlink()
    environment.repair()
    environment.install(lock, "a tiny package")
    assert run(environment, "-c", "import tiny; print(tiny.VALUE)") == "1"
    assert find_damaged(environment.site_packages) == []


def test_truncated_file_counts_as_damage(environment: Environment, lock: Path, wheel: Wheel) -> None:
    lock.write_text(wheel("tiny"))
    environment.install(lock, "a tiny package")
    (environment.site_packages / "tiny" / "__init__.py").write_text("VAL")
    assert [record.name for record in find_damaged(environment.site_packages)] == ["tiny-1.0.dist-info"]


@pytest.mark.release
def test_interrupted_installation_is_removed_by_the_repair(environment: Environment, lock: Path, wheel: Wheel) -> None:
    lock.write_text(wheel("tiny"))
    environment.install(lock, "a tiny package")
    (environment.site_packages / "tiny-1.0.dist-info" / "RECORD").unlink()  # pip writes it last
    (environment.site_packages / "~iny").mkdir()
    environment.repair()
    assert not environment.has_installed(lock)
    assert not list(environment.site_packages.glob("tiny-*")) + list(environment.site_packages.glob("~*"))


def test_python_of_the_environment_finds_the_app_from_any_folder_and_after_a_move(
    environment: Environment, tmp_path: Path
) -> None:
    root = environment.folder.parent
    (root / "desktop").mkdir()
    (root / "desktop" / "__init__.py").touch()
    (root / "desktop" / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    environment.link_checkout(root)
    moved = Environment(root.rename(tmp_path / "another place"))
    assert run(moved, "-P", "-m", "desktop", "song.flac") == "['song.flac']"
    command = subprocess.run([moved.scripts / "unbraid", "a b"], capture_output=True, text=True, check=True, cwd="/")
    assert command.stdout.strip() == "['a b']"


@pytest.mark.parametrize("name", ["plain", "a place with blanks", "\u00e9" * 70], ids=["plain", "spaces", "long"])
@pytest.mark.release
def test_scripts_of_packages_run_after_a_move(
    environment: Environment, lock: Path, wheel: Wheel, tmp_path: Path, name: str
) -> None:
    lock.write_text(wheel("tiny", content="import sys\ndef main():\n    print(sys.prefix)\n"))
    environment.install(lock, "a tiny package")
    environment.link_checkout(environment.folder.parent)
    moved = Environment(environment.folder.parent.rename(tmp_path / name))
    moved.link_checkout(moved.folder.parent)
    result = subprocess.run([moved.scripts / "tiny"], capture_output=True, text=True, check=True)
    assert Path(result.stdout.strip()).samefile(moved.folder)
    assert str(moved.folder) in (moved.scripts / "activate").read_text(encoding="utf-8")
