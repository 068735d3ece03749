"""Time to the first window, and CPU and memory use of an idle app. Prints; never fails."""

import statistics
import subprocess
from pathlib import Path
from time import monotonic

import psutil
import pytest

from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.library import find_processes, wait_until
from tests.helpers.screen import virtual_screen

pytestmark = pytest.mark.bench
RUNS = 5
# Seconds that an idle app gets to settle, and over which it is measured.
SETTLE_S, MEASURE_S = 5.0, 30.0


def test_time_to_the_first_window_and_usage_of_an_idle_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = tmp_path / "library"
    with virtual_screen() as screen:
        starts: list[float] = []
        for _ in range(RUNS):
            start = monotonic()
            app = subprocess.Popen(unbraid_command(), cwd=ROOT, env=command_environment(library) | screen.environment)
            screen.wait_for_window("Unbraid")
            starts.append(monotonic() - start)
            app.terminate()
            app.wait()
        (library / "logs" / "worker.log").unlink(missing_ok=True)
        app = subprocess.Popen(unbraid_command(), cwd=ROOT, env=command_environment(library) | screen.environment)
        screen.wait_for_window("Unbraid")
        wait_until(lambda: "calling self.run" in worker_log(library))
        with pytest.raises(subprocess.TimeoutExpired):
            app.wait(SETTLE_S)
        processes = [psutil.Process(app.pid), *find_processes(library)]
        processes = list({process.pid: process for process in processes}.values())
        cpu_before = [sum(process.cpu_times()[:2]) for process in processes]
        with pytest.raises(subprocess.TimeoutExpired):
            app.wait(MEASURE_S)
        cpu_used = [
            sum(process.cpu_times()[:2]) - seconds_before
            for process, seconds_before in zip(processes, cpu_before, strict=True)
        ]
        memory = [process.memory_info().rss / 1e6 for process in processes]
        app.terminate()
        app.wait()
    with capsys.disabled():
        print(f"\nfirst window: median {statistics.median(starts):.2f} s of {RUNS} starts, slowest {max(starts):.2f} s")
        print(
            f"idle: {100 * sum(cpu_used) / MEASURE_S:.2f} % of a core over {MEASURE_S:.0f} s, {sum(memory):.0f} MB in all"
        )


def worker_log(library: Path) -> str:
    log = library / "logs" / "worker.log"
    return log.read_text() if log.exists() else ""
