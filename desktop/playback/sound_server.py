"""PulseAudio, or PipeWire in its place: its outputs, which PortAudio sees as one device through ALSA, and their changes.

A program selects an output of the server by environment variables: PULSE_SINK (pulseaudio(1), read when a client
connects) and PIPEWIRE_NODE (pipewire-client(1), read when a stream connects). Without them the server plays on its
default output, and moves the stream when the default changes or disappears.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_CLIENT_NAME = "Unbraid"
_SINK_VARIABLES = ("PULSE_SINK", "PIPEWIRE_NODE")
# Seconds after which a closed watch ends at the latest.
_POLL_INTERVAL_S = 1.0
# The environment belongs to the whole process.
_environment_lock = threading.Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutputDevice:
    """Device that can play."""

    name: str
    """Identifies the device in the settings."""
    title: str
    """Name for the user."""
    channels: int


@dataclass(frozen=True)
class ServerOutputs:
    """Outputs of the sound server."""

    devices: tuple[OutputDevice, ...]
    default: OutputDevice | None
    """None while the server has no output."""


def query_server_outputs() -> ServerOutputs | None:
    """Return the outputs of the sound server; None where there is none. May block while the server does not respond."""
    pulsectl = _import_pulsectl()
    if pulsectl is None:
        return None
    try:
        with _connection(pulsectl) as pulse:
            default_name = pulse.server_info().default_sink_name
            devices = tuple(OutputDevice(s.name, s.description or s.name, s.channel_count) for s in pulse.sink_list())
    except pulsectl.PulseError:
        return None
    return ServerOutputs(devices, next((device for device in devices if device.name == default_name), None))


@contextmanager
def selected_output(name: str) -> Generator[None]:
    """Have streams that are opened and started in this context play on the server's output `name`, if not empty."""
    if not name:
        yield
        return
    with _environment_lock:
        before = {variable: os.environ.get(variable) for variable in _SINK_VARIABLES}
        os.environ.update(dict.fromkeys(_SINK_VARIABLES, name))
        try:
            yield
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value


class OutputWatch:
    """Thread that waits until an output of the server appears, or disappears."""

    def __init__(self, name: str, is_connected: bool, on_change: Callable[[], None]) -> None:
        """Start the thread, which calls `on_change` once if the output `name` is connected, or is not, unlike now."""
        self._name = name
        self._is_connected = is_connected
        self._on_change = on_change
        self._is_closing = False
        threading.Thread(target=self._run, name="outputs", daemon=True).start()

    def close(self) -> None:
        """Have the thread end; do not wait for it."""
        self._is_closing = True

    def _run(self) -> None:
        pulsectl = _import_pulsectl()
        if pulsectl is None:
            return

        def stop_listening(_event: object) -> None:
            raise pulsectl.PulseLoopStop

        try:
            with _connection(pulsectl) as pulse:
                pulse.event_mask_set("sink")
                pulse.event_callback_set(stop_listening)
                while not self._is_closing:
                    if any(sink.name == self._name for sink in pulse.sink_list()) != self._is_connected:
                        self._report()
                        return
                    pulse.event_listen(_POLL_INTERVAL_S)
        except (pulsectl.PulseError, pulsectl.PulseDisconnected) as error:
            _log.info("The sound server is not watched any more: %s", error)

    def _report(self) -> None:
        if not self._is_closing:
            self._on_change()


@contextmanager
def _connection(pulsectl: Any) -> Generator[Any]:
    """Connect to the server if it runs; the constructor would start one. Raises PulseError."""
    with pulsectl.Pulse(_CLIENT_NAME, connect=False) as pulse:
        pulse.connect()
        yield pulse


def _import_pulsectl() -> Any:
    """Return the module; None where there is no PulseAudio client library."""
    if sys.platform != "linux":
        return None
    try:
        import pulsectl
    except (ImportError, OSError):
        return None
    return pulsectl
