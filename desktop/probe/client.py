"""Client of the probe: starts the child process on the first request and replaces it after a crash or timeout."""

import atexit
import json
import logging
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Any

from desktop.audio.tags import Tags
from desktop.runtime.child_stderr import StderrTail
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.processes import (
    assign_to_job_object,
    environment_without_library,
    new_session_options,
    own_command,
)

_log = logging.getLogger(__name__)
# Retry once: the first failure may be the child's idle timeout, not the file.
_MAX_ATTEMPTS = 2
# Seconds to wait for the exit of a killed child.
_EXIT_TIMEOUT_S = 2.0


class ProbeClient:
    """Client of one child process, with one request at a time. All methods are thread-safe."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Use `command`, which must implement the protocol of `desktop.probe.server`, to start the child."""
        self._command = command
        self._environment = environment
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr_tail: StderrTail | None = None

    def request(self, operation: str, **fields: Any) -> tuple[dict[str, Any], bytes] | None:
        """Return the response's fields and bytes; None if the child ended at each attempt."""
        message = json.dumps({"do": operation, **fields}).encode() + b"\n"
        with self._lock:
            for _ in range(_MAX_ATTEMPTS):
                response = self._exchange(message)
                if response:
                    return response
                _log.warning("Probe ended with status %s on request %s", self._kill_child(), message[:500])
                if self._stderr_tail and self._stderr_tail.has_crash_report:
                    process_crash_handler.record_child_crash("probe", self._stderr_tail.text)
        return None

    def close(self) -> None:
        """Kill the child."""
        with self._lock:
            self._kill_child()

    def _exchange(self, message: bytes) -> tuple[dict[str, Any], bytes] | None:
        if self._child and self._child.poll() is not None:
            self._kill_child()  # the child exited after its idle timeout
        try:
            child = self._child = self._child or self._start_child()
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(message)
            child.stdin.flush()
            return _read_response(child.stdout)
        except OSError as error:  # the child could not be started, or has exited
            _log.info("Probe does not respond: %s", error)
            return None

    def _start_child(self) -> subprocess.Popen[bytes]:
        """Start the child process. Raises OSError if that fails."""
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
        self._stderr_tail = StderrTail(child.stderr, "probe")
        return child

    def _kill_child(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        with suppress(subprocess.TimeoutExpired):  # the child may hang in the kernel, for example on a failed disk
            child.wait(_EXIT_TIMEOUT_S)
        if self._stderr_tail:
            self._stderr_tail.finish()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):  # the pipe may still hold unsent data
                    pipe.close()
        return child.returncode


def read_tags(path: Path) -> Tags:
    """Return the tags of a track; empty ones if they are missing or damaged, or if the probe failed on them."""
    response = shared_probe().request("tags", path=str(path))
    if response is None:
        return Tags()
    fields, cover = response
    lyrics = tuple(fields.pop("lyrics"))
    return Tags(**fields, lyrics=lyrics, cover=cover or None)


def read_picture(path: Path, side: int) -> tuple[bytes, int] | None:
    """Return the centre square of a picture and its rotation in degrees counter-clockwise; None if unreadable.

    The square is `side` pixels wide, with four bytes per pixel: red, green, blue and alpha. The caller rotates it.
    """
    response = shared_probe().request("picture", path=str(path), side=side)
    return (response[1], response[0]["turned"]) if response and response[1] else None


@cache
def shared_probe() -> ProbeClient:
    """Return the probe client of this process, which is closed at exit."""
    client = ProbeClient(own_command("probe"), environment_without_library())
    atexit.register(client.close)
    return client


def _read_response(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    fields = json.loads(line)
    size = fields.pop("bytes")
    data = stream.read(size)
    return (fields, data) if len(data) == size else None
