"""The start script as a user types it, on a checkout whose lock files ask for little."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.packaging.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unbraid.cmd is the script there")

APP = "import sys, tiny\nprint(tiny.VALUE, sys.argv[1:])\n"


@pytest.fixture
def checkout(tmp_path: Path, wheel: Callable[..., str]) -> Path:
    root = tmp_path / "a checkout"
    (root / "desktop").mkdir(parents=True)
    (root / "desktop" / "__init__.py").touch()
    (root / "desktop" / "__main__.py").write_text(APP)
    shutil.copytree(ROOT / "packaging", root / "packaging", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "unbraid", root)
    locks = root / "packaging" / "lock"
    (locks / "torch-cpu.txt").write_text(wheel("torch", "1.0+cpu"))
    (locks / "torch.txt").write_text(wheel("torch"))
    (locks / "app.txt").write_text(wheel("tiny"))
    return root


@pytest.fixture
def begun(checkout: Path, pristine: Path) -> Path:
    """A checkout whose set-up has come as far as an empty environment."""
    shutil.copytree(pristine / ".venv", checkout / ".venv", symlinks=True)
    return checkout


def start(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | variables
    return subprocess.run(
        [checkout / "unbraid", *words], capture_output=True, text=True, check=False, cwd="/", timeout=120, env=environment
    )  # fmt: skip


def test_the_first_start_sets_up_and_later_ones_say_nothing(checkout: Path) -> None:
    first = start(checkout, "a song.flac")
    assert first.stdout == "1 ['a song.flac']\n", first.stderr
    assert "0.5 GB to download, 1.9 GB on disk" in first.stderr.splitlines()[0]
    later = start(checkout, "a song.flac")
    assert (later.stdout, later.stderr) == (first.stdout, "")
    link = checkout.parent / "bin" / "unbraid"
    link.parent.mkdir()
    link.symlink_to(Path("..") / checkout.name / "unbraid")
    assert subprocess.run([link, "x"], capture_output=True, text=True, check=True).stdout == "1 ['x']\n"


def test_what_changes_or_breaks_is_put_right_by_the_next_start(begun: Path, wheel: Callable[..., str]) -> None:
    checkout = begun
    start(checkout)
    lock = checkout / "packaging" / "lock" / "app.txt"

    lock.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\nmissing==1.0 --hash=sha256:{'0' * 64}\n")
    failed = start(checkout)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "could not be installed" in failed.stderr

    lock.write_text(wheel("tiny", "2.0", "VALUE = 2\n"))
    assert start(checkout).stdout == "2 []\n"

    (packages,) = (checkout / ".venv" / "lib").glob("python3*/site-packages")
    shutil.rmtree(packages / "tiny")
    os.utime(checkout / ".venv" / "unbraid" / "app.stamp", (0, 0))  # clocks of file systems tick coarsely
    mended = start(checkout)
    assert "Mending tiny" in mended.stderr
    assert mended.stdout == "2 []\n"

    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert start(moved).stdout == "2 []\n"

    (moved / ".venv" / "bin" / "python").unlink()
    assert start(moved).stdout == "2 []\n"


def test_another_build_of_pytorch_is_installed_by_the_start_that_asks_for_it_and_stays(
    begun: Path, package_server: Path
) -> None:
    start(begun)
    (packages,) = (begun / ".venv" / "lib").glob("python3*/site-packages")
    assert list(packages.glob("torch-*")) == [packages / "torch-1.0+cpu.dist-info"]
    next(package_server.glob("torch-1.0+cpu-*")).unlink()
    asked = start(begun, UNBRAID_TORCH="cuda")
    assert asked.stdout == "1 []\n", asked.stderr
    assert list(packages.glob("torch-*")) == [packages / "torch-1.0.dist-info"]
    for variables in ({"UNBRAID_TORCH": "cuda"}, {}):
        assert start(begun, **variables).stderr == ""
    assert "may be cpu or cuda" in start(begun, UNBRAID_TORCH="gpu").stderr


HOLD = """
import sys
sys.path.insert(0, sys.argv[1])
import bootstrap
with bootstrap.alone():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_start_waits_for_the_set_up_of_the_first(begun: Path) -> None:
    pipe = subprocess.PIPE
    words = [sys.executable, "-c", HOLD, str(begun / "packaging")]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as first:
        assert first.stdin
        assert first.stdout
        assert first.stdout.readline() == "held\n"
        with subprocess.Popen([begun / "unbraid"], stdout=pipe, stderr=pipe, text=True) as second:
            assert second.stderr
            said = second.stderr.readline()
            touched = (begun / ".venv" / "unbraid" / "place").exists()
            first.stdin.close()
            answer, _ = second.communicate()
    assert said.startswith("Another start is setting Unbraid up")
    assert not touched
    assert answer == "1 []\n"


def test_a_checkout_without_python_says_what_to_type(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "cksum", "readlink", "cat"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    answer = subprocess.run(
        ["/bin/sh", checkout / "unbraid"], capture_output=True, text=True, check=False, env={"PATH": str(tools)}
    )
    assert answer.returncode == 1
    assert "sudo apt-get install python3 python3-venv" in answer.stderr


def test_a_set_up_that_was_killed_is_finished_by_the_next_start(begun: Path) -> None:
    process = subprocess.Popen([begun / "unbraid"], stderr=subprocess.PIPE, text=True, process_group=0)
    with process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("Installing"):
                break
        os.killpg(process.pid, signal.SIGKILL)
    assert start(begun).stdout == "1 []\n"
