"""A virtual screen in memory, with a window manager, a mouse and a keyboard."""

import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.helpers.shared import TOOLS

# A window may take this long to appear on a busy machine.
TIMEOUT_S = 90


class Screen:
    """A screen with the actions of a user and screenshots."""

    def __init__(self, display: str) -> None:
        self.environment = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}

    def wait_for_display(self) -> None:
        """Wait until programs can connect; the server prints its number slightly earlier."""
        command = ["xdotool", "getdisplaygeometry"]
        end = monotonic() + TIMEOUT_S
        while subprocess.run(command, env=self._full_environment(), capture_output=True, check=False).returncode:
            assert monotonic() < end, "no display"

    def wait_for_window(self, title: str) -> str:
        """Wait until a window whose title starts with `title` is visible, and return its id."""
        # xdotool's own --sync polls only twice a second.
        command = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}"]
        end = monotonic() + TIMEOUT_S
        while monotonic() < end:
            found = subprocess.run(
                command, env=self._full_environment(), capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                return found[0]
        raise AssertionError(f"no window {title!r} within {TIMEOUT_S} s")

    def activate_window(self, window: str) -> None:
        """Give a window the keyboard focus."""
        # Fails until the window manager has started.
        end = monotonic() + TIMEOUT_S
        while subprocess.run(
            ["xdotool", "windowactivate", "--sync", window],
            env=self._full_environment(),
            capture_output=True,
            check=False,
        ).returncode:
            assert monotonic() < end, "no window manager"

    def press_keys(self, *names: str) -> None:
        """Press keys one after the other, by their xdotool names."""
        self._xdotool("key", *names)

    def type_text(self, text: str) -> None:
        """Type text."""
        self._xdotool("type", "--", text)

    def click(self, x: int, y: int) -> None:
        """Click with the left mouse button."""
        self._xdotool("mousemove", str(x), str(y), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag from `start` and drop at `end`."""
        coordinates = [str(number) for point in (start, end) for number in point]
        subprocess.run(
            [sys.executable, TOOLS / "drag-and-drop", "move", *coordinates], env=self._full_environment(), check=True
        )

    @contextmanager
    def holding(self, key: str) -> Generator[None]:
        """Hold a key down, by its xdotool name."""
        self._xdotool("keydown", key)
        try:
            yield
        finally:
            self._xdotool("keyup", key)

    def save_screenshot(self, path: Path, crop: str = "") -> Path:
        """Save a screenshot, or the part `WIDTHxHEIGHT+X+Y` of it, and return `path`."""
        command = ["import", "-window", "root", *(["-crop", crop] if crop else []), path]
        subprocess.run(command, env=self._full_environment(), check=True)
        return path

    def _xdotool(self, *arguments: str) -> str:
        run = subprocess.run(
            ["xdotool", *arguments],
            env=self._full_environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_S,
        )
        return run.stdout

    def _full_environment(self) -> dict[str, str]:
        return dict(os.environ) | self.environment


@contextmanager
def virtual_screen(width: int = 1440, height: int = 900) -> Generator[Screen]:
    """Run a screen with a window manager; stop both at the end."""
    read_fd, write_fd = os.pipe()
    size = f"{width}x{height}x24"
    server = ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with _running_process(server, os.environ, pass_fds=[write_fd]):
        os.close(write_fd)
        with os.fdopen(read_fd) as number:
            screen = Screen(f":{number.readline().strip()}")
        screen.wait_for_display()
        with _running_process(["openbox"], dict(os.environ) | screen.environment):
            yield screen


@contextmanager
def _running_process(
    command: Sequence[str], environment: "os._Environ[str] | dict[str, str]", **options: object
) -> Generator[None]:
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    try:
        yield
    finally:
        process.terminate()
        process.wait()
