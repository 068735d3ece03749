"""Our side: a child that is started when it is first needed, and replaced when a file was too much for it."""

import json
import logging
import subprocess
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import IO, Any

from desktop.lifetime import apart, bind

_log = logging.getLogger(__name__)
# What ends the child once may be chance: its time to go may just have come.
_TRIES = 2


class Probe:
    """One child process, asked one thing at a time. Every method may be called from any thread."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """`command` serves as `desktop.probe.server` does."""
        self._command = command
        self._environment = environment
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def ask(self, do: str, **fields: Any) -> tuple[dict[str, Any], bytes] | None:
        """The answer's fields and its bytes; None when it was the end of every child that was asked."""
        request = json.dumps({"do": do, **fields}).encode() + b"\n"
        with self._lock:
            for _ in range(_TRIES):
                answer = self._answer(request)
                if answer:
                    return answer
                _log.warning("The probe ended with status %s at %s", self._end(), request[:500])
        return None

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _answer(self, request: bytes) -> tuple[dict[str, Any], bytes] | None:
        if self._child and self._child.poll() is not None:
            self._end()  # nobody had asked for long
        try:
            child = self._child = self._child or self._start()
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(request)
            child.stdin.flush()
            return _received(child.stdout)
        except OSError as error:  # it could not be started, or is gone
            _log.info("The probe does not answer: %s", error)
            return None

    def _start(self) -> subprocess.Popen[bytes]:
        """Raises OSError."""
        child = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **apart(),
        )
        bind(child)
        return child

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        child.communicate()
        return child.returncode


def _received(answers: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    line = answers.readline()
    if not line.endswith(b"\n"):
        return None
    fields = json.loads(line)
    size = fields.pop("bytes")
    data = answers.read(size)
    return (fields, data) if len(data) == size else None
