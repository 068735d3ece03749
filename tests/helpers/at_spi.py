"""A screen reader: reads and operates the accessibility tree of a program, follows its focus and its announcements."""

import os
import re
import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant

from tests.helpers.library import wait_until

BUS_LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")
_ROOT_PATH = "/org/a11y/atspi/accessible/root"
_REGISTRY = "org.a11y.atspi.Registry"
_INTERFACE_PREFIX = "org.a11y.atspi"
_REFERENCE = re.compile(r"\('([^']+)', (?:objectpath )?'([^']+)'\)")
_FOCUS_EVENT = re.compile(r"^(\S+): org\.a11y\.atspi\.Event\.Object\.StateChanged \('focused', 1,", re.MULTILINE)
_EVENTS = ("object:announcement", "object:state-changed:focused")


class State(IntEnum):
    """States of an accessible object, by their bits (AtspiStateType)."""

    CHECKED = 4
    ENABLED = 8
    FOCUSED = 12
    SELECTED = 23
    SHOWING = 25


class ScreenReader:
    """A client of a session's accessibility bus that records the focus and the announcements."""

    def __init__(self, session_address: str, events_path: Path) -> None:
        """Connect to the accessibility bus of the session bus; write events to the file `events_path`."""
        bus = QDBusConnection.connectToBus(session_address, f"session {events_path}")
        self.address = _call_dbus(bus, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        self.bus = QDBusConnection.connectToBus(self.address, f"accessibility {events_path}")
        self._events_path = events_path
        # Programs send only the events that a client has registered for.
        for event in _EVENTS:
            _call_dbus(self.bus, _REGISTRY, "/org/a11y/atspi/registry", _REGISTRY, "RegisterEvent", event)

    @property
    def announcements(self) -> str:
        """The announcements so far, one per line."""
        return "\n".join(line for line in self._events_path.read_text().splitlines() if "Announcement" in line)

    @property
    def focus_count(self) -> int:
        """How often an object has got the focus while events were recorded."""
        return len(_FOCUS_EVENT.findall(self._events_path.read_text()))

    def focused(self, program: "Accessible") -> "Accessible | None":
        """Return the object of `program` that got the focus last while its events were recorded; None before one did."""
        paths = _FOCUS_EVENT.findall(self._events_path.read_text())
        return Accessible(self, program.service, paths[-1]) if paths else None

    def wait_for_program(self, name: str) -> "Accessible":
        """Wait until a program of this name is on the bus, and return it."""
        found: list[Accessible] = []

        def find_program() -> bool:
            found[:] = [
                program for program in Accessible(self, _REGISTRY, _ROOT_PATH).children() if program.name == name
            ]
            return bool(found)

        wait_until(find_program)
        return found[0]

    @contextmanager
    def recording_events(self, program: "Accessible") -> Iterator[None]:
        """Record focus and announcements of `program` within this context."""
        command = ["gdbus", "monitor", "--address", self.address, "--dest", program.service]
        with self._events_path.open("w") as out, _running_process(command, stdout=out):
            wait_until(lambda: "Monitoring" in self._events_path.read_text())
            yield


class Accessible:
    """One accessible object of a program."""

    def __init__(self, reader: ScreenReader, service: str, path: str) -> None:
        self._reader = reader
        self.service, self._path = service, path

    @property
    def name(self) -> str:
        """The accessible name."""
        return self._get_property("Accessible", "Name")

    @property
    def description(self) -> str:
        """The accessible description."""
        return self._get_property("Accessible", "Description")

    @property
    def role(self) -> str:
        """The name of the role."""
        return self._call_method("Accessible", "GetRoleName")

    @property
    def value(self) -> float:
        """The number that a slider or a progress bar shows."""
        return self._get_property("Value", "CurrentValue")

    def set_value(self, value: float) -> None:
        """Set the value of a slider."""
        arguments = (f"{_INTERFACE_PREFIX}.Value", "CurrentValue", QDBusVariant(value))
        _call_dbus(self._reader.bus, self.service, self._path, "org.freedesktop.DBus.Properties", "Set", *arguments)

    def do_action(self, action: str) -> None:
        """Do the action of this name."""
        count = self._get_property("Action", "NActions")
        names = [self._call_method("Action", "GetName", number) for number in range(count)]
        assert self._call_method("Action", "DoAction", names.index(action)), names

    def select_child(self, index: int) -> None:
        """Select a child by its index, such as a cell of a table."""
        assert self._call_method("Selection", "SelectChild", index)

    def has_state(self, state: State) -> bool:
        """Return whether the object is in this state."""
        low, high = map(int, re.findall(r"\d+(?=[,\]])", self._call_gdbus("GetState")))
        return bool((high << 32 | low) >> state & 1)

    def children(self) -> list[Self]:
        """Return the direct children."""
        if not self._get_property("Accessible", "ChildCount"):
            return []  # asked first: a call by gdbus takes longer
        references = _REFERENCE.findall(self._call_gdbus("GetChildren"))
        return [type(self)(self._reader, service, path) for service, path in references]

    def descendants(self) -> "Iterator[Accessible]":
        """Yield all descendants except the cells of tables, in tree order."""
        for child in self.children():
            yield child
            if child.role != "table":
                yield from child.descendants()

    def _call_gdbus(self, method: str) -> str:
        """Return the reply of a method of the interface Accessible. PySide reads no structs and arrays from D-Bus."""
        target = ["--address", self._reader.address, "--dest", self.service, "--object-path", self._path]
        command = ["gdbus", "call", *target, "--method", f"{_INTERFACE_PREFIX}.Accessible.{method}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def _get_property(self, interface: str, name: str) -> Any:
        arguments = (f"{_INTERFACE_PREFIX}.{interface}", name)
        return _call_dbus(
            self._reader.bus, self.service, self._path, "org.freedesktop.DBus.Properties", "Get", *arguments
        )

    def _call_method(self, interface: str, method: str, *arguments: object) -> Any:
        return _call_dbus(
            self._reader.bus, self.service, self._path, f"{_INTERFACE_PREFIX}.{interface}", method, *arguments
        )


@contextmanager
def accessibility_bus(folder: Path, environment: dict[str, str]) -> Generator[tuple[dict[str, str], ScreenReader]]:
    """Run a session bus with an accessibility bus for programs on the screen of `environment`; keep files in `folder`.

    Yield the additional environment variables that a program needs, and a screen reader. A QApplication must exist.
    """
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    inherited = dict(os.environ) | environment | {"XDG_RUNTIME_DIR": str(runtime)}
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with ExitStack() as exit_stack:
        daemon = exit_stack.enter_context(_running_process(command, env=inherited, stdout=subprocess.PIPE, text=True))
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        exit_stack.callback(daemon.stdout.close)
        reader = ScreenReader(address, folder / "announced")
        variables = {"DBUS_SESSION_BUS_ADDRESS": address, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        yield variables, reader


@contextmanager
def _running_process(command: list[str], **options: Any) -> "Generator[subprocess.Popen[Any]]":
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _call_dbus(bus: QDBusConnection, service: str, path: str, interface: str, method: str, *arguments: object) -> Any:
    message = QDBusMessage.createMethodCall(service, path, interface, method)
    message.setArguments(list(arguments))
    reply = bus.call(message)
    assert not reply.errorMessage(), (method, arguments, reply.errorMessage())
    value = next(iter(reply.arguments()), None)
    return value.variant() if isinstance(value, QDBusVariant) else value
