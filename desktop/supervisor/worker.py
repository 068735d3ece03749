"""The Celery worker as a child: same program, other words."""

import subprocess

from desktop.errors import ServiceUnavailableError
from desktop.log import log_file
from desktop.paths import Home
from desktop.program import own_command, own_environment
from desktop.supervisor.child import Child, reap

READY = "ready"


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

    def start(self) -> Child:
        """Start it and wait until it consumes. Raises ServiceUnavailableError."""
        pidfile = self._home.run / f"{self._name}.pid"
        self._home.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        reap(pidfile)
        log = log_file(self._home, self._name)
        words = own_command("worker", "--supervised", *self._options, "--logfile", str(log))
        environment = own_environment() | {"UNBRAID_HOME": str(self._home.root)}
        try:
            self.child = Child(words, pidfile, environment)
        except OSError as error:
            raise ServiceUnavailableError(f"The worker could not be started: {error.strerror}.") from error
        if self.child.first_line() != READY:
            self.child.end(subprocess.Popen.kill)
            raise ServiceUnavailableError(f"The worker does not start. {log} says why.")
        return self.child

    def stop(self) -> None:
        """End it; a running job goes back to the queue."""
        if self.child:
            self.child.end(_close_input)
            self.child = None


def _close_input(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin:
        process.stdin.close()
