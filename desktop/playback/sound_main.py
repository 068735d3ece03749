"""Main function of the sound process, `unbraid sound`: a `LocalEngine` that the window commands through pipes.

It has no window that paints, and nothing that makes garbage, so that nothing holds the interpreter's lock when the audio
callback needs it.
"""

import faulthandler
import gc
import logging
import os
import sys
import threading
from importlib import import_module

from desktop.playback import device
from desktop.playback.local_engine import LocalEngine
from desktop.playback.message_pipe import MessageSender, read_calls
from desktop.playback.ring import Ring
from desktop.playback.shared_memory import open_shared_memory
from desktop.playback.status import SoundStatus, status_size
from desktop.playback.stretch_native import is_native_available
from desktop.runtime.processes import end_with_parent
from desktop.runtime.streams import reserve_stdout

# Seconds for which a thread may keep the interpreter's lock while another one waits. Python's own 5 ms are as long as
# half a block of the audio callback.
_SWITCH_INTERVAL_S = 0.0005
_SEND_TIMEOUT_S = 1.0


def main(memory_handle: str) -> int:
    """Play what the parent process wants until it closes standard input or ends; return the exit status."""
    end_with_parent()
    faulthandler.enable()
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    commands, events = sys.stdin.buffer, MessageSender(reserve_stdout(), "sound events")
    logging.basicConfig(handlers=[_PipeHandler(events)], level=logging.INFO)
    threading.excepthook = _exit_after_exception
    engine = LocalEngine(SoundStatus(memoryview(open_shared_memory(memory_handle, status_size()))))
    engine.on_stopped = lambda seek_number, error: events.send("handle_stop", seek_number, error)
    engine.on_notice = lambda message: events.send("handle_notice", message)
    engine.on_time_map = lambda ring: _send_time_map(events, ring)
    threading.Thread(target=_preload, name="preload", daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.disable()
    for name, arguments in read_calls(commands):
        getattr(engine, name)(*arguments)
        if not engine.is_playing:
            gc.collect()
    engine.close()
    events.close(_SEND_TIMEOUT_S)
    # Python's own end would wait for the thread of a device that does not respond.
    os._exit(0)


def _preload() -> None:
    """Load what the first play needs; PortAudio waits for a sound server that does not respond."""
    import_module("desktop.playback.partial_source")  # the window may send one
    device.preload()
    is_native_available()


def _send_time_map(events: MessageSender, ring: Ring) -> None:
    events.send("handle_time_map", ring.number, ring.start, ring.time_map)


def _exit_after_exception(hook_args: threading.ExceptHookArgs) -> None:
    """Report an unexpected error of a thread and exit: the parent process starts another process."""
    threading.__excepthook__(hook_args)
    sys.stderr.flush()
    os._exit(1)


class _PipeHandler(logging.Handler):
    """Sends log records to the parent process."""

    def __init__(self, events: MessageSender) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter())
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        self._events.send("handle_log", record.name, record.levelno, self.format(record))
