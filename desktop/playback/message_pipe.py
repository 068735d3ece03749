"""Messages between the window and the sound process: pickled values in a pipe, whose two ends are this program.

A message is the name of a method and its arguments. Nothing that comes from outside is ever unpickled here.
"""

import pickle
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import IO, Any

Call = tuple[str, tuple[Any, ...]]
"""Name of a method and its arguments."""


class MessageSender:
    """Sends messages in a thread of its own: `send` never waits."""

    def __init__(self, stream: IO[bytes], thread_name: str) -> None:
        """Start the thread, which writes to `stream` until it is closed or its reader has gone."""
        self._stream = stream
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=thread_name, daemon=True)
        self._thread.start()

    def send(self, name: str, *arguments: Any) -> None:
        """Have the method `name` of the other side called."""
        self._calls.put((name, arguments))

    def close(self, timeout_s: float) -> None:
        """Send what is left, for at most `timeout_s` seconds."""
        self._calls.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        write_calls(self._calls, self._stream)


def write_calls(calls: "SimpleQueue[Call | None]", stream: IO[bytes]) -> None:
    """Write `calls` to `stream` up to a None, or until its reader has gone."""
    try:
        while (call := calls.get()) is not None:
            pickle.dump(call, stream, pickle.HIGHEST_PROTOCOL)
            stream.flush()
    except OSError:  # whoever reads the other direction learns that the process has ended
        pass


def read_calls(stream: IO[bytes]) -> Iterator[Call]:
    """Yield the calls that arrive, until the other side has closed its end or has ended."""
    while True:
        try:
            call: Call = pickle.load(stream)
        except (EOFError, OSError, pickle.UnpicklingError):  # also in the middle of a message
            return
        yield call
