"""The robot of pytest-qt with a longer patience: tests wait for events, and a busy machine may be slow."""

from typing import Any

from pytestqt.qtbot import QtBot

# pytest-qt's own limits are one to five seconds.
TIMEOUT_MS = 60_000


class PatientBot(QtBot):
    """Waits at most `TIMEOUT_MS` for each event."""

    def waitUntil(self, callback: Any, *, timeout: int = TIMEOUT_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = TIMEOUT_MS, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitSignals(self, signals: Any, *, timeout: int = TIMEOUT_MS, **options: Any) -> Any:
        return super().waitSignals(signals, timeout=timeout, **options)

    def waitExposed(self, widget: Any, *, timeout: int = TIMEOUT_MS) -> Any:
        return super().waitExposed(widget, timeout=timeout)

    def waitActive(self, widget: Any, *, timeout: int = TIMEOUT_MS) -> Any:
        return super().waitActive(widget, timeout=timeout)
