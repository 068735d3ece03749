"""Child processes that cannot outlive this process, with pidfiles to find leftovers of killed ones."""

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

# Seconds that a child has to exit after a request, before it is killed.
EXIT_TIMEOUT_S = 5.0
# Seconds between checks of `should_stop` while waiting for a child.
_POLL_INTERVAL_S = 0.1
_log = logging.getLogger(__name__)


class ChildProcess:
    """A running program whose standard input is a pipe that closes when this process ends, for whatever reason."""

    def __init__(
        self,
        argv: Sequence[str],
        pidfile: Path,
        environment: Mapping[str, str] | None = None,
        stdin_data: bytes | None = None,
        stderr_log: Path | None = None,
    ) -> None:
        """Start the program `argv` and record it in `pidfile`. On Linux it is killed when the *calling thread* ends.

        `stdin_data`: the whole content of its standard input, which is then closed. `stderr_log`: receives its standard
        error, for errors before the child has opened its own log. Raises OSError.
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
            with suppress(OSError), self.process.stdin as pipe:  # if it has already ended, the caller notices that
                pipe.write(stdin_data)
        try:
            pidfile.write_text(json.dumps({"pid": self.process.pid, "started": process_start_time(self.process.pid)}))
        except OSError:
            self.stop(subprocess.Popen.kill)
            raise

    def on_exit(self, callback: Callable[[], None]) -> None:
        """Call `callback` from another thread when the child ends."""

        def wait() -> None:
            self.process.wait()
            callback()

        threading.Thread(target=wait, name="wait", daemon=True).start()

    def read_first_line(self, should_stop: Callable[[], bool]) -> str:
        """Wait for the first line of the child's standard output and return it without the line break.

        Returns an empty string if the child ends without writing one, or once `should_stop()` returns True; in the
        latter case the caller must stop the child.
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
        """True while the child is running."""
        return self.process.poll() is None

    def stop(self, request_exit: Callable[[subprocess.Popen[bytes]], None]) -> None:
        """Stop the child: call `request_exit` with its process, and kill it after `EXIT_TIMEOUT_S`."""
        if self.is_alive:
            request_exit(self.process)
            try:
                self.process.wait(EXIT_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                _log.warning("Child %s did not exit in time and was killed", self.process.args)
                kill_process_tree(self.process.pid)
                with suppress(subprocess.TimeoutExpired):  # it hangs in a system call, for example on a dead disk
                    self.process.wait(EXIT_TIMEOUT_S)
        # While the child is alive, a thread may read its pipe, and closing the pipe would wait for that thread.
        for pipe in (self.process.stdin, self.process.stdout) if not self.is_alive else ():
            if pipe:
                pipe.close()
        self._pidfile.unlink(missing_ok=True)


def _open_log(log: Path | None) -> BinaryIO:
    """Open `log` for appending, or the null device if `log` is None or cannot be written."""
    devnull = Path(os.devnull)
    try:
        return (log or devnull).open("ab", buffering=0)
    except OSError:
        return devnull.open("ab", buffering=0)


def kill_leftover(pidfile: Path) -> None:
    """Kill the child that a killed process of an earlier start left running, and delete its pidfile."""
    pid = read_running_pid(pidfile)
    if pid is not None:
        kill_process_tree(pid)
    with suppress(OSError):  # the folder does not exist, or is not a folder
        pidfile.unlink()


def read_running_pid(pidfile: Path) -> int | None:
    """Return the pid in `pidfile` if that process is still running, else None; a reused pid does not count."""
    try:
        record = json.loads(pidfile.read_text())
        return (
            int(record["pid"]) if record["started"] and process_start_time(record["pid"]) == record["started"] else None
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # there is no pidfile, or it is incomplete


def kill_process_tree(pid: int) -> None:
    """Kill a process and all its descendants."""
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
