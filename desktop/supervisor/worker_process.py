"""The Celery worker as a child process of the supervisor."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.logging_setup import describe_log, log_file
from desktop.runtime.processes import own_command, own_environment
from desktop.supervisor.child_process import ChildProcess, kill_leftover
from desktop.supervisor.runtime_dir import prepare_runtime_dir
from desktop.text.message import Message

READY_LINE = "ready"
"""Line that the worker writes to its standard output once it consumes the queue."""
END_MESSAGE = b"end"
"""Content of the worker's standard input at an orderly shutdown; without it, the app has died."""
# Seconds until the worker must consume the queue. Measured: 1 to 3, and 20 on a busy machine.
_START_TIMEOUT_S = 120.0


class WorkerProcess:
    """The worker of one library. All methods are called from the supervisor's thread."""

    def __init__(self, home: Home, name: str = "worker", *options: str) -> None:
        """Prepare the worker. `name`: name of its log and pidfile; `options`: appended to its command line."""
        self._home = home
        self._name = name
        self._options = options
        self.child: ChildProcess | None = None

    @property
    def is_alive(self) -> bool:
        """True while the worker is running."""
        return self.child is not None and self.child.is_alive

    def start(self, should_stop: Callable[[], bool]) -> ChildProcess | None:
        """Start the worker and wait until it consumes the queue; return None if `should_stop()` returns True first.

        The worker waits for Redis without a limit, so `should_stop` must detect that Redis is gone. Raises
        ServiceUnavailableError.
        """
        # If the library runs its own Redis, the folder exists and must not change.
        folder = self._home.runtime_dir if self._home.runtime_dir.is_dir() else prepare_runtime_dir(self._home)
        pidfile = folder / f"{self._name}.pid"
        kill_leftover(pidfile)
        log = log_file(self._home, self._name)
        command = own_command("worker", "--supervised", *self._options, "--logfile", str(log))
        environment = own_environment() | {"UNBRAID_HOME": str(self._home.root)}
        try:
            self.child = ChildProcess(command, pidfile, environment, stderr_log=log)
        except OSError as error:
            raise ServiceUnavailableError(
                Message("The worker could not be started: {reason}.", reason=disk_error_reason(error))
            ) from error
        deadline = monotonic() + _START_TIMEOUT_S
        if self.child.read_first_line(lambda: should_stop() or monotonic() > deadline) == READY_LINE:
            return self.child
        self.child.stop(subprocess.Popen.kill)
        if should_stop():
            return None
        raise ServiceUnavailableError(
            Message("The worker does not start. {log}", log=describe_log(self._home, self._name))
        )

    def stop(self) -> None:
        """Stop the worker; a processing job goes back to the queue."""
        if self.child:
            self.child.stop(_send_end_message)
            self.child = None


def _send_end_message(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin:
        with suppress(OSError), process.stdin as pipe:  # it may have ended already
            pipe.write(END_MESSAGE)
