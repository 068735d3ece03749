"""A child process: started so that it cannot outlive us, watched, and ended."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import psutil

from desktop.lifetime import end_with_parent

# Seconds that a child has to end in order.
PATIENCE = 5.0
_SAME_MOMENT = 1.0
_log = logging.getLogger(__name__)


class Child:
    """One running program. Its standard input is a pipe: that closes when we end, whatever ends us."""

    def __init__(self, argv: Sequence[str], pidfile: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it. Raises OSError. On Linux it is killed when the *calling thread* ends."""
        self._pidfile = pidfile
        self.process = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal is for us; we end the children
            preexec_fn=partial(end_with_parent, os.getpid()) if sys.platform == "linux" else None,
        )
        created = psutil.Process(self.process.pid).create_time()
        pidfile.write_text(json.dumps({"pid": self.process.pid, "created": created}))

    def on_exit(self, tell: Callable[[], None]) -> None:
        """Have `tell` called, from a thread of its own, when the child ends."""

        def wait() -> None:
            self.process.wait()
            tell()

        threading.Thread(target=wait, name="wait", daemon=True).start()

    def first_line(self) -> str:
        """Wait for the first line of its standard output; empty when it ended without one."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode(errors="replace").strip()

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
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self._pidfile.unlink(missing_ok=True)


def reap(pidfile: Path) -> None:
    """Kill the child that an earlier, killed process of ours left behind, if it still runs."""
    try:
        noted = json.loads(pidfile.read_text())
        process = psutil.Process(noted["pid"])
        if abs(process.create_time() - noted["created"]) < _SAME_MOMENT:
            kill_tree(process.pid)
    except (OSError, ValueError, KeyError, psutil.Error):
        pass  # none was left, or it is gone
    pidfile.unlink(missing_ok=True)


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
