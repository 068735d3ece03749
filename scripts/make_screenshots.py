"""Makes the screenshots for README.md and docs/ with the real app on a virtual display.

    .venv/bin/python scripts/make_screenshots.py [SONG …]

Separates and analyses the demo song and every SONG in a temporary library, opens the window on it, and saves screenshots.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import setup_debian
from virtual_display import virtual_display

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
DEMO = ROOT / "resources" / "demo"
SIZE = (1440, 900)
# Arguments of xdotool for a click that sets the playhead.
CLICK_IN_WAVEFORM = ("mousemove", "720", "600", "click", "1", "mousemove", "10", "900")
# Arguments of xdotool that mark a section and repeat two bars of it on the Player page. A click moves the playhead once it
# is certain that no double click follows.
PRACTISE = (
    *("mousemove", "475", "600", "click", "1", "sleep", "1", "key", "k", "sleep", "1"),
    *("key", *"Verse", "Return", "sleep", "1", "key", "bracketleft"),
    *("mousemove", "675", "600", "click", "1", "sleep", "1", "key", "bracketright"),
    *("mousemove", "575", "600", "click", "1", "mousemove", "10", "900"),
)
# Seconds that the window may take to draw the last track.
TIMEOUT_S = 60.0
# Seconds without a change after which a window is ready: a busy machine draws the next part late.
STABLE_S = 4.0
# Height that the window manager adds to the window (pixels).
_TITLE_BAR_PX = 40


def main(songs: Sequence[str]) -> int:
    """Make all screenshots and return the exit status."""
    if not setup_debian.install_packages(setup_debian.find_missing("screen"), ROOT / "build" / "packages.log"):
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unbraid-pictures-") as folder:
        library = Path(folder)
        _take_screenshot(library / "empty", IMAGES / "empty.png")
        demo = map(str, sorted(DEMO.glob("*.flac")))
        _unbraid(library / "songs", "separate", "--model", "sketch", *songs, *demo)
        for folder in (library / "songs" / "jobs").iterdir():
            _unbraid(library / "songs", "analyse", folder.name.rpartition("[")[2].rstrip("]"))
        _take_screenshot(library / "songs", IMAGES / "window.png", *CLICK_IN_WAVEFORM, "key", "3")
        _take_screenshot(library / "songs", IMAGES / "player.png", "key", "ctrl+2", *PRACTISE)
    return 0


def _unbraid(home: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "desktop", *arguments], cwd=ROOT, env=_variables(home), check=False)


def _take_screenshot(home: Path, image: Path, *input_arguments: str) -> None:
    """Save the window on the library at `home`, after input with `input_arguments` (of xdotool) if there are any."""
    with ExitStack() as exit_stack:
        display = exit_stack.enter_context(virtual_display(f"{SIZE[0]}x{SIZE[1] + _TITLE_BAR_PX}"))
        variables = _variables(home) | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        exit_stack.enter_context(_running(["openbox"], variables))
        exit_stack.enter_context(_running([sys.executable, "-m", "desktop"], variables))
        window = _find_window(variables)
        _save_when_stable(variables, window, image)
        if input_arguments:
            subprocess.run(["xdotool", *input_arguments], env=variables, check=True)
            _save_when_stable(variables, window, image)


def _variables(home: Path) -> dict[str, str]:
    return os.environ | {"UNBRAID_HOME": str(home)}


@contextmanager
def _running(command: Sequence[str], variables: dict[str, str]) -> Generator[None]:
    with subprocess.Popen(command, env=variables, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


def _find_window(variables: dict[str, str]) -> str:
    """Wait for the window, make it fill the display, and return its id."""
    command = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "^Unbraid"]
    found = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    window = found.stdout.split()[0]
    subprocess.run(["xdotool", "windowactivate", "--sync", window], env=variables, check=True)
    subprocess.run(["xdotool", "windowmove", window, "0", "0"], env=variables, check=True)
    subprocess.run(["xdotool", "windowsize", window, *map(str, SIZE)], env=variables, check=True)
    return window


def _save_when_stable(variables: dict[str, str], window: str, image: Path) -> None:
    """Save the window once its screenshot has been the same for `STABLE_S`."""
    deadline = monotonic() + TIMEOUT_S
    previous, last_change = b"", monotonic()
    while monotonic() < deadline:
        sleep(1.0)
        subprocess.run(["import", "-window", window, str(image)], env=variables, check=True)
        current = image.read_bytes()
        if current != previous:
            previous, last_change = current, monotonic()
        elif monotonic() - last_change > STABLE_S:
            return
    raise SystemExit(f"{image.name}: the window never stopped changing")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
