"""Process that stretches whole pieces of sound with the package python-stretch.

A process of its own, because the package holds the GIL for longer than the sound device's buffer lasts. A request is a
line of JSON and the samples, float32 `[channels, frames]`; so is the answer.
"""

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from desktop.errors import StretchUnavailableError
from desktop.runtime.processes import assign_to_job_object, new_session_options, own_environment
from desktop.text.message import Message

_NO_STRETCHER = Message(
    "Speed and key cannot be changed on this computer, because there was no C++ compiler when Unbraid was set up."
)
_STOPPED = Message("The process that changes speed and key has stopped. Press play again.")
_EXIT_TIMEOUT_S = 5


def require_package() -> None:
    """Check that python-stretch is installed. Raises StretchUnavailableError."""
    if find_spec("python_stretch") is None:
        raise StretchUnavailableError(_NO_STRETCHER)


class StretchProcess:
    """The process, started at the first request, and again after it has ended. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def stretch(
        self,
        sound: NDArray[np.float32],
        sample_rate: int,
        speed: float,
        groups: Sequence[Sequence[int]],
        cents: Sequence[float],
    ) -> NDArray[np.float32]:
        """Return `sound`, float32 `[channels, frames]`, at `speed`, with the channels of each group transposed.

        Raises StretchUnavailableError.
        """
        options = {
            "rate": sample_rate,
            "speed": speed,
            "groups": [list(group) for group in groups],
            "cents": list(cents),
        }
        with self._lock:
            process = self._running_process()
            assert process.stdin
            assert process.stdout
            try:
                _send(process.stdin, sound, options)
                received = _receive(process.stdout)
            except (OSError, ValueError):
                received = None
            if received is None:
                self._close()
                raise StretchUnavailableError(_STOPPED)
            return received[0]

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_EXIT_TIMEOUT_S)  # it ends with its input
        except (OSError, ValueError, subprocess.TimeoutExpired):
            process.kill()
            process.communicate()

    def _running_process(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._close()
            isolated = ["-I"] if sys.flags.isolated else []
            self._process = subprocess.Popen(
                [sys.executable, *isolated, "-m", "desktop.playback.stretch_process"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, env=own_environment(), **new_session_options(),
            )  # fmt: skip
            assign_to_job_object(self._process)
        return self._process


def main() -> None:
    """Answer requests from standard input until it is closed."""
    from python_stretch.Signalsmith import Stretch

    while received := _receive(sys.stdin.buffer):
        sound, options = received
        out: NDArray[np.float32] | None = None
        for group, cents in zip(options["groups"], options["cents"], strict=True):
            stretch: Any = Stretch(1)
            stretch.preset(len(group), options["rate"])
            stretch.setTransposeSemitones(cents / 100)
            stretch.timeFactor = options["speed"]
            rows = stretch.process(np.ascontiguousarray(sound[group]))
            out = np.empty((len(sound), rows.shape[1]), np.float32) if out is None else out
            out[group] = rows
        assert out is not None
        _send(sys.stdout.buffer, out, {})


def _send(pipe: IO[bytes], sound: NDArray[np.float32], options: dict[str, Any]) -> None:
    pipe.write(json.dumps({"shape": sound.shape, **options}).encode() + b"\n")
    pipe.write(np.ascontiguousarray(sound).tobytes())
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[NDArray[np.float32], dict[str, Any]] | None:
    """Return samples and options, or None at the end. Raises ValueError if the message is incomplete."""
    line = pipe.readline()
    if not line:
        return None
    options = json.loads(line)
    channels, frames = options["shape"]
    return np.frombuffer(pipe.read(4 * channels * frames), np.float32).reshape(channels, frames), options


if __name__ == "__main__":
    main()
