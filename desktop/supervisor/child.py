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

from desktop.lifetime import bind, tied
from desktop.process_identity import started

# Seconds that a child has to end in order.
PATIENCE = 5.0
# Seconds between looks at whether a child is still to be waited for.
_GLANCE = 0.1
_log = logging.getLogger(__name__)


class Child:
    """One running program. Its standard input is a pipe: that closes when we end, whatever ends us."""

    def __init__(
        self,
        argv: Sequence[str],
        pidfile: Path,
        environment: Mapping[str, str] | None = None,
        said: bytes | None = None,
        log: Path | None = None,
    ) -> None:
        """Start it. Raises OSError. On Linux it is killed when the *calling thread* ends.

        `said` is all that it gets to read: with it, its standard input ends at once. `log` receives its standard error:
        the last words of a child that ends before it has opened a log itself.
        """
        self._pidfile = pidfile
        with _opened(log) as errors:
            self.process = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                **tied(),
            )
        bind(self.process)
        if said is not None and self.process.stdin:
            with suppress(OSError), self.process.stdin as pipe:  # whoever waits for it sees that it has ended
                pipe.write(said)
        try:
            pidfile.write_text(json.dumps({"pid": self.process.pid, "started": started(self.process.pid)}))
        except OSError:
            self.end(subprocess.Popen.kill)
            raise

    def on_exit(self, tell: Callable[[], None]) -> None:
        """Have `tell` called, from a thread of its own, when the child ends."""

        def wait() -> None:
            self.process.wait()
            tell()

        threading.Thread(target=wait, name="wait", daemon=True).start()

    def first_line(self, give_up: Callable[[], bool]) -> str:
        """Wait for the first line of its standard output; empty when it ended without one, or `give_up()` is true.

        In the latter case the child is to be ended.
        """
        output = self.process.stdout
        assert output is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(output.readline()), name="first line", daemon=True).start()
        while not give_up():
            with suppress(queue.Empty):
                return lines.get(timeout=_GLANCE).decode(errors="replace").strip()
        return ""

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self.process.poll() is None

    def end(self, gently: Callable[[subprocess.Popen[bytes]], None]) -> None:
        """End it: `gently` first, by force after a few seconds."""
        if self.alive:
            gently(self.process)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                _log.warning("%s had to be killed", self.process.args)
                kill_tree(self.process.pid)
                with suppress(subprocess.TimeoutExpired):  # the system does not let go of it: a dead disk, say
                    self.process.wait(PATIENCE)
        # The pipe of one that lives is in use by whoever reads it, and closing it would wait for that.
        for pipe in (self.process.stdin, self.process.stdout) if not self.alive else ():
            if pipe:
                pipe.close()
        self._pidfile.unlink(missing_ok=True)


def _opened(log: Path | None) -> BinaryIO:
    """Open `log` for appending; where there is none, or it cannot be written, nothing is kept."""
    nowhere = Path(os.devnull)
    try:
        return (log or nowhere).open("ab", buffering=0)
    except OSError:
        return nowhere.open("ab", buffering=0)


def reap(pidfile: Path) -> None:
    """Kill the child that an earlier, killed process of ours left behind, if it still runs."""
    left = noted_in(pidfile)
    if left is not None:
        kill_tree(left)
    with suppress(OSError):  # its folder is gone, or no folder
        pidfile.unlink()


def noted_in(pidfile: Path) -> int | None:
    """The number of the child that a pidfile names, if that very process still runs, and not another of its number."""
    try:
        noted = json.loads(pidfile.read_text())
        return int(noted["pid"]) if noted["started"] and started(noted["pid"]) == noted["started"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none was left, or it is gone


def kill_tree(pid: int) -> None:
    """Kill a process and all that it started."""
    try:
        top = psutil.Process(pid)
        everyone = [*top.children(recursive=True), top]
    except psutil.NoSuchProcess:
        return
    for process in everyone:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(everyone, timeout=PATIENCE)
