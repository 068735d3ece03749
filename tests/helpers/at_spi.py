"""What a screen reader does: reads the tree of a program on the accessibility bus, acts on it, and hears its announcements."""

import os
import re
import subprocess
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusVariant

from tests.helpers.library import until

LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")
_ROOT = "/org/a11y/atspi/accessible/root"
_REGISTRY = "org.a11y.atspi.Registry"
_INTERFACES = "org.a11y.atspi"
_REFERENCE = re.compile(r"\('([^']+)', (?:objectpath )?'([^']+)'\)")


class Reader:
    """The accessibility bus of a session, with everything that is announced on it."""

    def __init__(self, session: str, heard: Path) -> None:
        """Connect to the bus that belongs to the session bus at `session`; announcements go to the file `heard`."""
        bus = QDBusConnection.connectToBus(session, f"session {heard}")
        self.address = _answer(bus, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        self.bus = QDBusConnection.connectToBus(self.address, f"accessibility {heard}")
        self._heard = heard
        # Programs send what somebody has asked for.
        registry = "/org/a11y/atspi/registry"
        _answer(self.bus, _REGISTRY, registry, _REGISTRY, "RegisterEvent", "object:announcement")

    @property
    def announcements(self) -> str:
        """What has been announced so far, a line each."""
        return "\n".join(line for line in self._heard.read_text().splitlines() if "Announcement" in line)

    def program(self, name: str) -> "Accessible":
        """Wait for a program, and return it."""
        found: list[Accessible] = []

        def look() -> bool:
            found[:] = [one for one in Accessible(self, _REGISTRY, _ROOT).children() if one.name == name]
            return bool(found)

        until(look)
        return found[0]

    @contextmanager
    def listening_to(self, program: "Accessible") -> Iterator[None]:
        """Write down what `program` announces within this context."""
        command = ["gdbus", "monitor", "--address", self.address, "--dest", program.service]
        with self._heard.open("w") as out, _ended(command, stdout=out):
            until(lambda: "Monitoring" in self._heard.read_text())
            yield


class Accessible:
    """One object of a program."""

    def __init__(self, reader: Reader, service: str, path: str) -> None:
        self._reader = reader
        self.service, self._path = service, path

    @property
    def name(self) -> str:
        """What a screen reader calls it."""
        return self._get("Accessible", "Name")

    @property
    def description(self) -> str:
        """What it says about it."""
        return self._get("Accessible", "Description")

    @property
    def role(self) -> str:
        """The name of its role."""
        return self._call("Accessible", "GetRoleName")

    @property
    def value(self) -> float:
        """The number that a slider or a progress bar shows."""
        return self._get("Value", "CurrentValue")

    def set_value(self, value: float) -> None:
        """Move a slider."""
        words = (f"{_INTERFACES}.Value", "CurrentValue", QDBusVariant(value))
        _answer(self._reader.bus, self.service, self._path, "org.freedesktop.DBus.Properties", "Set", *words)

    def act(self, action: str) -> None:
        """Do an action, by its name."""
        count = self._get("Action", "NActions")
        names = [self._call("Action", "GetName", number) for number in range(count)]
        assert self._call("Action", "DoAction", names.index(action)), names

    def select_child(self, number: int) -> None:
        """Select a child, a cell of a table for one."""
        assert self._call("Selection", "SelectChild", number)

    def children(self) -> list[Self]:
        """Return everything right below it. By a program of the system: PySide reads no pairs from a bus."""
        target = ["--address", self._reader.address, "--dest", self.service, "--object-path", self._path]
        command = ["gdbus", "call", *target, "--method", f"{_INTERFACES}.Accessible.GetChildren"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [type(self)(self._reader, service, path) for service, path in _REFERENCE.findall(out)]

    def below(self) -> "Iterator[Accessible]":
        """Go through everything below it but the cells of tables, in the order of the tree."""
        for child in self.children():
            yield child
            if child.role != "table":
                yield from child.below()

    def _get(self, interface: str, name: str) -> Any:
        words = (f"{_INTERFACES}.{interface}", name)
        return _answer(self._reader.bus, self.service, self._path, "org.freedesktop.DBus.Properties", "Get", *words)

    def _call(self, interface: str, method: str, *words: object) -> Any:
        return _answer(self._reader.bus, self.service, self._path, f"{_INTERFACES}.{interface}", method, *words)


@contextmanager
def accessibility_bus(folder: Path, environment: dict[str, str]) -> Generator[tuple[dict[str, str], Reader]]:
    """A session bus with an accessibility bus, for programs on the screen of `environment`; their files lie in `folder`.

    Yields what the environment of a program must have in addition, and a reader. An application object must exist.
    """
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    inherited = dict(os.environ) | environment | {"XDG_RUNTIME_DIR": str(runtime)}
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with ExitStack() as ending:
        daemon = ending.enter_context(_ended(command, env=inherited, stdout=subprocess.PIPE, text=True))
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        ending.callback(daemon.stdout.close)
        reader = Reader(address, folder / "announced")
        variables = {"DBUS_SESSION_BUS_ADDRESS": address, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        yield variables, reader


@contextmanager
def _ended(command: list[str], **options: Any) -> "Generator[subprocess.Popen[Any]]":
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _answer(bus: QDBusConnection, service: str, path: str, interface: str, method: str, *words: object) -> Any:
    message = QDBusMessage.createMethodCall(service, path, interface, method)
    message.setArguments(list(words))
    reply = bus.call(message)
    assert not reply.errorMessage(), (method, words, reply.errorMessage())
    value = next(iter(reply.arguments()), None)
    return value.variant() if isinstance(value, QDBusVariant) else value
