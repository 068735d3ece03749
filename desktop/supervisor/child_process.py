"""A child process: started so that it cannot outlive us, watched, and ended."""

import json
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from desktop.runtime.process_identity import process_start_time
from desktop.runtime.processes import assign_to_job_object, end_with_parent_options

# Seconds that a child has to end in order.
EXIT_TIMEOUT_S = 5.0
# Seconds between looks at whether a child is still to be waited for.
_POLL_INTERVAL_S = 0.1
_log = logging.getLogger(__name__)


class ChildProcess:
    """One running program. Its standard input is a pipe: that closes when we end, whatever ends us."""

    def __init__(
        self,
        argv: Sequence[str],
        pidfile: Path,
        environment: Mapping[str, str] | None = None,
        stdin_data: bytes | None = None,
        stderr_log: Path | None = None,
    ) -> None:
        """Start it. Raises OSError. On Linux it is killed when the *calling thread* ends.

        `said` is all that it gets to read: with it, its standard input ends at once. `log` receives its standard error:
        the last words of a child that ends before it has opened a log itself.
        """
        self._pidfile = pidfile
        with _open_log(stderr_log) as errors:
            self.process = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                **end_with_parent_options(),
            )
        assign_to_job_object(self.process)
        if stdin_data is not None and self.process.stdin:
            with suppress(OSError), self.process.stdin as pipe:  # whoever waits for it sees that it has ended
                pipe.write(stdin_data)
        try:
            pidfile.write_text(json.dumps({"pid": self.process.pid, "started": process_start_time(self.process.pid)}))
        except OSError:
            self.stop(subprocess.Popen.kill)
            raise

    def on_exit(self, callback: Callable[[], None]) -> None:
        """Have `tell` called, from a thread of its own, when the child ends."""

        def wait() -> None:
            self.process.wait()
            callback()

        threading.Thread(target=wait, name="wait", daemon=True).start()

    def read_first_line(self, should_stop: Callable[[], bool]) -> str:
        """Wait for the first line of its standard output; empty when it ended without one, or `give_up()` is true.

        In the latter case the child is to be ended.
        """
        output = self.process.stdout
        assert output is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(output.readline()), name="first line", daemon=True).start()
        while not should_stop():
            with suppress(queue.Empty):
                return lines.get(timeout=_POLL_INTERVAL_S).decode(errors="replace").strip()
        return ""

    @property
    def is_alive(self) -> bool:
        """True while it runs."""
        return self.process.poll() is None

    def stop(self, request_exit: Callable[[subprocess.Popen[bytes]], None]) -> None:
        """End it: `gently` first, by force after a few seconds."""
        if self.is_alive:
            request_exit(self.process)
            try:
                self.process.wait(EXIT_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                _log.warning("%s had to be killed", self.process.args)
                kill_process_tree(self.process.pid)
                with suppress(subprocess.TimeoutExpired):  # the system does not let go of it: a dead disk, say
                    self.process.wait(EXIT_TIMEOUT_S)
        # The pipe of one that lives is in use by whoever reads it, and closing it would wait for that.
        for pipe in (self.process.stdin, self.process.stdout) if not self.is_alive else ():
            if pipe:
                pipe.close()
        self._pidfile.unlink(missing_ok=True)


def _open_log(log: Path | None) -> BinaryIO:
    """Open `log` for appending; where there is none, or it cannot be written, nothing is kept."""
    devnull = Path(os.devnull)
    try:
        return (log or devnull).open("ab", buffering=0)
    except OSError:
        return devnull.open("ab", buffering=0)


def kill_leftover(pidfile: Path) -> None:
    """Kill the child that an earlier, killed process of ours left behind, if it still runs."""
    pid = read_running_pid(pidfile)
    if pid is not None:
        kill_process_tree(pid)
    with suppress(OSError):  # its folder is gone, or no folder
        pidfile.unlink()


def read_running_pid(pidfile: Path) -> int | None:
    """The number of the child that a pidfile names, if that very process still runs, and not another of its number."""
    try:
        record = json.loads(pidfile.read_text())
        return (
            int(record["pid"]) if record["started"] and process_start_time(record["pid"]) == record["started"] else None
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none was left, or it is gone


def kill_process_tree(pid: int) -> None:
    """Kill a process and all that it started."""
    try:
        root = psutil.Process(pid)
        processes = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=EXIT_TIMEOUT_S)
