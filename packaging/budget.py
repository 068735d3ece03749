"""Prints sizes, start times and memory of the Linux packages beside their limits.

`sudo build/.venv/bin/python packaging/budget.py` measures the sizes of the packages and of the installed app with its
parts, the time to the first window, cold and warm, and the memory of an idle app. Root is needed to empty the disk
cache. `--edition cuda` measures that edition.
"""

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import editions
import psutil
import setup_debian
from polling import wait_until
from sources import BUILD, BuildError
from virtual_display import virtual_display

COLD_S, WARM_S, IDLE_MB = 1.5, 0.8, 450
# Limits for each edition: size of a package, and installed size.
SIZES_MB = {"cpu": (300, 800), "cuda": (2500, 4000)}
_START_COUNT = 5
# Seconds over which the processor time of an idle app is measured.
_IDLE_SAMPLE_S = 2.0
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
# Names of the parts, by their folders in the bundle.
_PART_NAMES = {
    "torch": "PyTorch", "nvidia": "CUDA", "openvino": "OpenVINO", "PySide6": "Qt", "shiboken6": "Qt", "numpy": "NumPy",
    "numpy.libs": "NumPy", "scipy": "SciPy", "scipy.libs": "SciPy", "av": "FFmpeg and PyAV", "av.libs": "FFmpeg and PyAV", "redis": "Redis",
    "qtawesome": "icons and fonts", "resources": "icons and fonts", "sqlalchemy": "SQLAlchemy", "licences": "licences",
    "python3.11": "Python", "base_library.zip": "Python", "unbraid": "Python code of everything",
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Print the table. Returns 0 if every value is within its limit, else 1."""
    parser = argparse.ArgumentParser(
        prog="budget.py", description="Print sizes, start times and memory of the Linux packages."
    )
    editions.add_option(parser)
    edition = editions.EDITIONS[parser.parse_args(argv).edition]
    try:
        editions.require_packages(edition)
    except BuildError as error:
        print(error)
        return 1
    if not setup_debian.install_packages(setup_debian.find_missing("screen"), BUILD / "packages.log"):
        return 1
    bundle, (download, installed) = edition.bundle, SIZES_MB[edition.name]
    sizes = part_sizes(bundle)
    results = [
        *(print_figure(path.name, path.stat().st_size / 1e6, download, "MB") for path in (edition.deb, edition.tar)),
        print_figure("installed", sum(sizes.values()) / 1e6, installed, "MB"),
    ]
    for part, size in sizes.most_common():
        print(f"    {part:<42}{size / 1e6:8.1f} MB")
    with virtual_display() as display:
        if os.access(_DROP_CACHES, os.W_OK):
            results.append(
                print_figure("first window, cold", median(_measure_starts(bundle, display, cold=True)), COLD_S, "s")
            )
        results.append(print_figure("first window, warm", median(_measure_starts(bundle, display)), WARM_S, "s"))
        results.append(
            print_figure("idle: window, Redis, workers (PSS)", measure_idle_memory(bundle, display), IDLE_MB, "MB")
        )
    return 0 if all(results) else 1


def print_figure(label: str, measured: float, allowed: float, unit: str) -> bool:
    """Print one measured value beside its limit; return True if it is within the limit."""
    print(f"{label:<46}{measured:8.2f} {unit:<3} of {allowed} {unit}  {'ok' if measured <= allowed else 'OVER'}")
    return measured <= allowed


def part_sizes(bundle: Path) -> Counter[str]:
    """Return the size of each part of the bundle in bytes."""
    sizes: Counter[str] = Counter()
    for path in bundle.rglob("*"):
        if path.is_file() and not path.is_symlink():
            inside = path.relative_to(bundle).parts
            sizes[_part_name(inside[1] if inside[0] == "_internal" else inside[0])] += path.stat().st_size
    return sizes


def _measure_starts(bundle: Path, display: str, cold: bool = False) -> list[float]:
    return [measure_start(bundle, display, cold) for _ in range(_START_COUNT)]


def measure_start(bundle: Path, display: str, cold: bool = False) -> float:
    """Return the seconds from the start of the program until its window is visible; `cold`: empty the disk cache first.

    `cold` requires root.
    """
    if cold:
        subprocess.run(["sync"], check=True)
        _DROP_CACHES.write_text("3")
    with running_app(bundle, display) as started:
        wait_until(lambda: _is_window_visible(display), "the first window", interval_s=0.005)
        return monotonic() - started


def measure_idle_memory(bundle: Path, display: str) -> float:
    """Return the memory (PSS) of all processes of a newly started app in MB; shared memory counts once."""
    with running_app(bundle, display):
        wait_until(lambda: sum("worker" in app.cmdline() for app in _app_processes(bundle)) == 2, "both workers")
        wait_until(lambda: _is_idle(bundle), "an idle app")
        return sum(process.memory_full_info()._asdict()["pss"] for process in _app_processes(bundle)) / 1e6


@contextmanager
def running_app(bundle: Path, display: str) -> Generator[float]:
    """Run the packaged app with a temporary library, and yield its start time (`monotonic`)."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = dict(os.environ) | {"DISPLAY": display, "UNBRAID_HOME": home, "QT_QPA_PLATFORM": "xcb"}
        started = monotonic()
        window = subprocess.Popen([bundle / "unbraid"], env=environment, stderr=subprocess.DEVNULL)
        try:
            yield started
        finally:
            window.terminate()
            window.wait()


def _is_idle(bundle: Path) -> bool:
    """Return True if all processes together use less than a fiftieth of a processor."""
    before = _cpu_seconds(bundle)
    sleep(_IDLE_SAMPLE_S)
    return _cpu_seconds(bundle) - before < _IDLE_SAMPLE_S / 50


def _cpu_seconds(bundle: Path) -> float:
    return sum(process.cpu_times().user + process.cpu_times().system for process in _app_processes(bundle))


def _is_window_visible(display: str) -> bool:
    command = ["xdotool", "search", "--onlyvisible", "--name", "^Unbraid"]
    return bool(
        subprocess.run(command, env=dict(os.environ) | {"DISPLAY": display}, capture_output=True, check=False).stdout
    )


def _app_processes(bundle: Path) -> list[psutil.Process]:
    """Return this process's descendants that run executables of `bundle`."""
    return [process for process in psutil.Process().children(recursive=True) if process.exe().startswith(str(bundle))]


def _part_name(name: str) -> str:
    if name in _PART_NAMES:
        return _PART_NAMES[name]
    return "libraries of the system and of Python" if ".so" in name else "other Python packages"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
