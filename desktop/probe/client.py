"""Our side: a child that is started when it is first needed, and replaced when a file was too much for it."""

import json
import logging
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import IO, Any

from desktop.crashes.watch import watching
from desktop.lifetime import apart, bind

_log = logging.getLogger(__name__)
# What ends the child once may be chance: its time to go may just have come.
_TRIES = 2
# Seconds that the end of a killed child is waited for.
_LONGEST_END = 2.0
# Lines of its last words that are kept, and the beginnings of those that tell of a crash.
_LINES = 500
_CRASHED = (b"Fatal Python error", b"Windows fatal exception", b"Traceback (most recent call last)")


class Probe:
    """One child process, asked one thing at a time. Every method may be called from any thread."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """`command` serves as `desktop.probe.server` does."""
        self._command = command
        self._environment = environment
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._words: _LastWords | None = None

    def ask(self, do: str, **fields: Any) -> tuple[dict[str, Any], bytes] | None:
        """The answer's fields and its bytes; None when it was the end of every child that was asked."""
        request = json.dumps({"do": do, **fields}).encode() + b"\n"
        with self._lock:
            for _ in range(_TRIES):
                answer = self._answer(request)
                if answer:
                    return answer
                _log.warning("The probe ended with status %s at %s", self._end(), request[:500])
                if self._words and self._words.of_a_crash:
                    watching.record_child("probe", self._words.text)
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
            stderr=subprocess.PIPE,
            **apart(),
        )
        bind(child)
        assert child.stderr is not None
        self._words = _LastWords(child.stderr)
        return child

    def _end(self) -> int | None:
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        with suppress(subprocess.TimeoutExpired):  # the system does not let go of it: a dead disk, say
            child.wait(_LONGEST_END)
        if self._words:
            self._words.end()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with suppress(OSError):  # what it was not told any more
                    pipe.close()
        return child.returncode


class _LastWords:
    """What the child says on standard error: read as it comes, since it would wait for that, and kept while it is new."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: deque[bytes] = deque(maxlen=_LINES)
        self._stream = stream
        self._thread = Thread(target=self._read, name="probe's words", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All of it."""
        return b"".join(self._lines).decode("utf-8", errors="replace")

    @property
    def of_a_crash(self) -> bool:
        """False when the child was ended, or ended itself, and had nothing to say of that."""
        return any(line.startswith(_CRASHED) for line in self._lines)

    def end(self) -> None:
        """The child is gone: wait for the last of it. A process that outlives it, and has its pipe, is not waited for."""
        self._thread.join(_LONGEST_END)
        if not self._thread.is_alive():
            self._stream.close()

    def _read(self) -> None:
        self._lines.extend(self._stream)


def _received(answers: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    line = answers.readline()
    if not line.endswith(b"\n"):
        return None
    fields = json.loads(line)
    size = fields.pop("bytes")
    data = answers.read(size)
    return (fields, data) if len(data) == size else None
