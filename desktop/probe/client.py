"""Our side: a child that is started when it is first needed, and replaced when a file was too much for it."""

import atexit
import json
import logging
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

from desktop.audio.tags import Tags
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.processes import assign_to_job_object, new_session_options, own_command, own_environment

_log = logging.getLogger(__name__)
# What ends the child once may be chance: its time to go may just have come.
_MAX_ATTEMPTS = 2
# Seconds that the end of a killed child is waited for.
_EXIT_TIMEOUT_S = 2.0
# Lines of its last words that are kept, and the beginnings of those that tell of a crash.
_MAX_STDERR_LINES = 500
_CRASH_PREFIXES = (b"Fatal Python error", b"Windows fatal exception", b"Traceback (most recent call last)")


class ProbeClient:
    """One child process, asked one thing at a time. Every method may be called from any thread."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """`command` serves as `desktop.probe.server` does."""
        self._command = command
        self._environment = environment
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr_tail: _StderrTail | None = None

    def request(self, operation: str, **fields: Any) -> tuple[dict[str, Any], bytes] | None:
        """The answer's fields and its bytes; None when it was the end of every child that was asked."""
        message = json.dumps({"do": operation, **fields}).encode() + b"\n"
        with self._lock:
            for _ in range(_MAX_ATTEMPTS):
                response = self._exchange(message)
                if response:
                    return response
                _log.warning("The probe ended with status %s at %s", self._kill_child(), message[:500])
                if self._stderr_tail and self._stderr_tail.has_crash_report:
                    process_crash_handler.record_child_crash("probe", self._stderr_tail.text)
        return None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._kill_child()

    def _exchange(self, message: bytes) -> tuple[dict[str, Any], bytes] | None:
        if self._child and self._child.poll() is not None:
            self._kill_child()  # nobody had asked for long
        try:
            child = self._child = self._child or self._start_child()
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(message)
            child.stdin.flush()
            return _read_response(child.stdout)
        except OSError as error:  # it could not be started, or is gone
            _log.info("The probe does not answer: %s", error)
            return None

    def _start_child(self) -> subprocess.Popen[bytes]:
        """Raises OSError."""
        child = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **new_session_options(),
        )
        assign_to_job_object(child)
        assert child.stderr is not None
        self._stderr_tail = _StderrTail(child.stderr)
        return child

    def _kill_child(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        with suppress(subprocess.TimeoutExpired):  # the system does not let go of it: a dead disk, say
            child.wait(_EXIT_TIMEOUT_S)
        if self._stderr_tail:
            self._stderr_tail.finish()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):  # what it was not told any more
                    pipe.close()
        return child.returncode


class _StderrTail:
    """What the child says on standard error: read as it comes, since it would wait for that, and kept while it is new."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: deque[bytes] = deque(maxlen=_MAX_STDERR_LINES)
        self._stream = stream
        self._thread = Thread(target=self._read, name="probe's words", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All of it."""
        return b"".join(self._lines).decode("utf-8", errors="replace")

    @property
    def has_crash_report(self) -> bool:
        """False when the child was ended, or ended itself, and had nothing to say of that."""
        return any(line.startswith(_CRASH_PREFIXES) for line in self._lines)

    def finish(self) -> None:
        """The child is gone: wait for the last of it. A process that outlives it, and has its pipe, is not waited for."""
        self._thread.join(_EXIT_TIMEOUT_S)
        if not self._thread.is_alive():
            self._stream.close()

    def _read(self) -> None:
        self._lines.extend(self._stream)


def _read_response(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    fields = json.loads(line)
    size = fields.pop("bytes")
    data = stream.read(size)
    return (fields, data) if len(data) == size else None


_LIBRARY_VARIABLE_PREFIXES = ("UNBRAID_", "REDIS_")


def read_tags(path: Path) -> Tags:
    """The tags of a track; empty ones when they are missing, damaged, or too much for the process that read them."""
    response = shared_probe().request("tags", path=str(path))
    return Tags(**response[0], cover=response[1] or None) if response else Tags()


def read_picture(path: Path, side: int) -> tuple[bytes, int] | None:
    """The middle square of a picture, and how many degrees counter-clockwise it is to be turned; None without one.

    `side` pixels wide, four bytes each: red, green, blue and alpha.
    """
    response = shared_probe().request("picture", path=str(path), side=side)
    return (response[1], response[0]["turned"]) if response and response[1] else None


@cache
def shared_probe() -> ProbeClient:
    """The child of this process."""
    # It is nobody's but this process's: it need know neither a library nor a password.
    environment = {
        name: value for name, value in own_environment().items() if not name.startswith(_LIBRARY_VARIABLE_PREFIXES)
    }
    client = ProbeClient(own_command("probe"), environment)
    atexit.register(client.close)
    return client
