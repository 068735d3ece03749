"""The start script as a user runs it, in a checkout whose lock files list few packages."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.scripts.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unbraid.cmd is the script there")

APP = "import sys, tiny\nprint(tiny.VALUE, sys.argv[1:])\n"


@pytest.fixture
def checkout(tmp_path: Path, wheel: Callable[..., str]) -> Path:
    root = tmp_path / "a checkout"
    (root / "desktop").mkdir(parents=True)
    (root / "desktop" / "__init__.py").touch()
    (root / "desktop" / "__main__.py").write_text(APP)
    shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "unbraid", root)
    locks = root / "scripts" / "lock"
    (locks / "torch-cpu.txt").write_text(wheel("torch", "1.0+cpu"))
    (locks / "torch.txt").write_text(wheel("torch"))
    (locks / "app.txt").write_text(wheel("tiny"))
    return root


@pytest.fixture
def prepared_checkout(checkout: Path, pristine: Path) -> Path:
    """A checkout whose setup has only created an empty environment so far."""
    shutil.copytree(pristine / ".venv", checkout / ".venv", symlinks=True)
    return checkout


def start(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [checkout / "unbraid", *arguments], env=os.environ | variables, cwd="/", capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


def test_first_start_sets_up_and_later_starts_are_silent(checkout: Path) -> None:
    first = start(checkout, "a song.flac")
    assert first.stdout == "1 ['a song.flac']\n", first.stderr
    assert "0.5 GB to download, 1.9 GB on disk" in first.stderr.splitlines()[0]
    later = start(checkout, "a song.flac")
    assert (later.stdout, later.stderr) == (first.stdout, "")
    link = checkout.parent / "bin" / "unbraid"
    link.parent.mkdir()
    link.symlink_to(Path("..") / checkout.name / "unbraid")
    assert subprocess.run([link, "x"], capture_output=True, text=True, check=True).stdout == "1 ['x']\n"


@pytest.mark.release
def test_next_start_repairs_what_changed_or_broke(prepared_checkout: Path, wheel: Callable[..., str]) -> None:
    checkout = prepared_checkout
    start(checkout)
    lock = checkout / "scripts" / "lock" / "app.txt"

    lock.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\nmissing==1.0 --hash=sha256:{'0' * 64}\n")
    failed = start(checkout)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "could not be installed" in failed.stderr

    lock.write_text(wheel("tiny", "2.0", "VALUE = 2\n"))
    assert start(checkout).stdout == "2 []\n"

    (packages,) = (checkout / ".venv" / "lib").glob("python3*/site-packages")
    shutil.rmtree(packages / "tiny")
    os.utime(checkout / ".venv" / "unbraid" / "app.stamp", (0, 0))  # the clock of a file system is coarse
    repaired = start(checkout)
    assert "Mending tiny" in repaired.stderr
    assert repaired.stdout == "2 []\n"

    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert start(moved).stdout == "2 []\n"

    (moved / ".venv" / "bin" / "python").unlink()
    assert start(moved).stdout == "2 []\n"


@pytest.mark.release
def test_requested_build_of_pytorch_is_installed_and_stays(prepared_checkout: Path, package_server: Path) -> None:
    start(prepared_checkout)
    (packages,) = (prepared_checkout / ".venv" / "lib").glob("python3*/site-packages")
    assert list(packages.glob("torch-*")) == [packages / "torch-1.0+cpu.dist-info"]
    next(package_server.glob("torch-1.0+cpu-*")).unlink()
    result = start(prepared_checkout, UNBRAID_TORCH="cuda")
    assert result.stdout == "1 []\n", result.stderr
    assert list(packages.glob("torch-*")) == [packages / "torch-1.0.dist-info"]
    for variables in ({"UNBRAID_TORCH": "cuda"}, {}):
        assert start(prepared_checkout, **variables).stderr == ""
    assert "may be cpu or cuda" in start(prepared_checkout, UNBRAID_TORCH="gpu").stderr


HOLD_SETUP_LOCK = """
import sys
sys.path.insert(0, sys.argv[1])
import bootstrap
with bootstrap.setup_lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.release
def test_second_start_waits_for_the_setup_of_the_first(prepared_checkout: Path) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD_SETUP_LOCK, str(prepared_checkout / "scripts")]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as first:
        assert first.stdin
        assert first.stdout
        assert first.stdout.readline() == "held\n"
        with subprocess.Popen([prepared_checkout / "unbraid"], stdout=pipe, stderr=pipe, text=True) as second:
            assert second.stderr
            message = second.stderr.readline()
            setup_began = (prepared_checkout / ".venv" / "unbraid" / "place").exists()
            first.stdin.close()
            output, _ = second.communicate()
    assert message.startswith("Another start is setting Unbraid up")
    assert not setup_began
    assert output == "1 []\n"


def test_start_without_python_names_the_command_that_installs_it(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "cksum", "readlink", "cat"):
        program = shutil.which(name)
        assert program
        (tools / name).symlink_to(program)
    result = subprocess.run(
        ["/bin/sh", checkout / "unbraid"], capture_output=True, text=True, check=False, env={"PATH": str(tools)}
    )
    assert result.returncode == 1
    assert "sudo apt-get install python3 python3-venv" in result.stderr


@pytest.mark.release
def test_killed_setup_is_finished_by_the_next_start(prepared_checkout: Path) -> None:
    process = subprocess.Popen([prepared_checkout / "unbraid"], stderr=subprocess.PIPE, text=True, process_group=0)
    with process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("Installing"):
                break
        os.killpg(process.pid, signal.SIGKILL)
    assert start(prepared_checkout).stdout == "1 []\n"
