"""The Celery worker as a child: same program, other words."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from desktop.disk_trouble import reason_of
from desktop.errors import ServiceUnavailableError
from desktop.log import log_file, see_log
from desktop.paths import Home
from desktop.program import own_command, own_environment
from desktop.supervisor.child import Child, reap
from desktop.supervisor.run_folder import prepare_run_folder

READY = "ready"
END = b"end"
"""What it is told before its input ends; without that, the app has died."""
# Seconds until it must consume. Measured: 1 to 3, and 20 on a machine that has a lot else to do.
_PATIENCE = 120.0


class WorkerProcess:
    """The worker of one library. All methods are called from the supervisor's thread."""

    def __init__(self, home: Home, name: str = "worker", *options: str) -> None:
        """`name` is that of its log and its pidfile; `options` are added to its command."""
        self._home = home
        self._name = name
        self._options = options
        self.child: Child | None = None

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self.child is not None and self.child.alive

    def start(self, give_up: Callable[[], bool]) -> Child | None:
        """Start it and wait until it consumes. None when `give_up()` was true before. Raises ServiceUnavailableError.

        It waits for Redis as long as there is none, so that whoever waits for it must be able to give up.
        """
        # With a Redis of the library's own the folder is there, and must stay where it is.
        folder = self._home.run if self._home.run.is_dir() else prepare_run_folder(self._home)
        pidfile = folder / f"{self._name}.pid"
        reap(pidfile)
        log = log_file(self._home, self._name)
        words = own_command("worker", "--supervised", *self._options, "--logfile", str(log))
        environment = own_environment() | {"UNBRAID_HOME": str(self._home.root)}
        try:
            self.child = Child(words, pidfile, environment, log=log)
        except OSError as error:
            raise ServiceUnavailableError(f"The worker could not be started: {reason_of(error)}.") from error
        end = monotonic() + _PATIENCE
        if self.child.first_line(lambda: give_up() or monotonic() > end) == READY:
            return self.child
        self.child.end(subprocess.Popen.kill)
        if give_up():
            return None
        raise ServiceUnavailableError(f"The worker does not start. {see_log(self._home, self._name)}")

    def stop(self) -> None:
        """End it; a running job goes back to the queue."""
        if self.child:
            self.child.end(_tell_to_end)
            self.child = None


def _tell_to_end(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin:
        with suppress(OSError), process.stdin as pipe:  # it may have ended by itself
            pipe.write(END)
