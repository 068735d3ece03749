"""A screen that exists in memory alone, with a window manager, a mouse and a keyboard."""

import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.helpers.shared import TOOLS

# Seconds that a window may take to appear on a busy machine.
TIMEOUT_S = 60


class Screen:
    """What a person in front of it could do and see."""

    def __init__(self, display: str) -> None:
        self.environment = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}

    def wait_for_display(self) -> None:
        """Wait until programs can connect: the server says its number a little before that."""
        words = ["xdotool", "getdisplaygeometry"]
        end = monotonic() + TIMEOUT_S
        while subprocess.run(words, env=self._full_environment(), capture_output=True, check=False).returncode:
            assert monotonic() < end, "no display"

    def wait_for_window(self, title: str) -> str:
        """Wait until a window whose title begins so is to be seen. Its number."""
        # xdotool's own --sync looks twice a second only.
        words = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}"]
        end = monotonic() + TIMEOUT_S
        while monotonic() < end:
            found = subprocess.run(
                words, env=self._full_environment(), capture_output=True, text=True, check=False
            ).stdout.split()
            if found:
                return found[0]
        raise AssertionError(f"no window {title!r} within {TIMEOUT_S} s")

    def activate_window(self, window: str) -> None:
        """Give a window the keyboard."""
        # Refused until the window manager has come up.
        end = monotonic() + TIMEOUT_S
        while subprocess.run(
            ["xdotool", "windowactivate", "--sync", window],
            env=self._full_environment(),
            capture_output=True,
            check=False,
        ).returncode:
            assert monotonic() < end, "no window manager"

    def press_keys(self, *names: str) -> None:
        """Press keys, by xdotool's names, one after the other."""
        self._xdotool("key", *names)

    def type_text(self, text: str) -> None:
        """Type a text."""
        self._xdotool("type", text)

    def click(self, x: int, y: int) -> None:
        """Click the left button."""
        self._xdotool("mousemove", str(x), str(y), "click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag what lies at `start` to `end` and drop it."""
        places = [str(number) for place in (start, end) for number in place]
        subprocess.run(
            [sys.executable, TOOLS / "drag-and-drop", "move", *places], env=self._full_environment(), check=True
        )

    def save_screenshot(self, path: Path, crop: str = "") -> Path:
        """Save what is to be seen, or a part of it: `WIDTHxHEIGHT+X+Y`."""
        words = ["import", "-window", "root", *(["-crop", crop] if crop else []), path]
        subprocess.run(words, env=self._full_environment(), check=True)
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
    """A screen with a window manager; both end with the context."""
    read, write = os.pipe()
    size = f"{width}x{height}x24"
    server = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with _running_process(server, os.environ, pass_fds=[write]):
        os.close(write)
        with os.fdopen(read) as number:
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
