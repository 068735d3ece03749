"""Virtual display and virtual sound card for a program on the clean machine.

Requires Debian's xvfb, openbox, xdotool, imagemagick, pulseaudio and pulseaudio-utils.
"""

import os
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from clean_machine import CleanMachine
from numpy.typing import NDArray
from polling import wait_until
from virtual_display import virtual_display

RATE = 44100
# Relative to the root of the clean machine.
_SOUND_FOLDER = "run/sound"
_PULSE_SCRIPT = """load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=memory rate=44100 channels=2 format=float32le
set-default-sink memory
"""


class DesktopSession:
    """Keyboard input, screenshots and sound recording of the virtual display and sound card."""

    def __init__(self, display: str, recording: Path) -> None:
        self.environment = {"DISPLAY": display, "PULSE_SERVER": f"unix:/{_SOUND_FOLDER}/native"}
        self._display = {"DISPLAY": display}
        self._recording = recording

    def find_window(self, title: str) -> str:
        """Return the id of a visible window whose title starts with `title`, or an empty string."""
        found = self._capture("xdotool", "search", "--onlyvisible", "--name", f"^{title}").split()
        return found[0] if found else ""

    def press_keys(self, *names: str) -> None:
        """Press keys, given by xdotool's names."""
        self._capture("xdotool", "key", *names)

    def activate_window(self, window: str) -> None:
        """Give a window the keyboard focus."""
        wait_until(
            lambda: self._succeeds("xdotool", "windowactivate", "--sync", window), "the window comes to the front"
        )

    def save_screenshot(self, path: Path) -> None:
        """Save a screenshot of the display to `path`."""
        self._capture("import", "-window", "root", str(path))

    def read_recording(self) -> NDArray[np.float32]:
        """Return everything played so far, float32 `[frames, 2]` at 44.1 kHz."""
        data = self._recording.read_bytes()
        return np.frombuffer(data[: len(data) // 8 * 8], dtype="<f4").reshape(-1, 2)

    def _capture(self, *command: str) -> str:
        return subprocess.run(
            command, env=dict(os.environ) | self._display, capture_output=True, text=True, check=False
        ).stdout

    def _succeeds(self, *command: str) -> bool:
        return not subprocess.run(
            command, env=dict(os.environ) | self._display, capture_output=True, check=False
        ).returncode


@contextmanager
def desktop_session(system: CleanMachine, size: str = "1440x900") -> Generator[DesktopSession]:
    """Run a virtual display of `size` pixels and a virtual sound card for `system`, and yield the session."""
    with ExitStack() as exit_stack:
        display = exit_stack.enter_context(virtual_display(size))
        session = DesktopSession(display, _start_sound_card(exit_stack, system))
        _start(exit_stack, ["openbox"], {"DISPLAY": display})
        yield session


def _start_sound_card(exit_stack: ExitStack, system: CleanMachine) -> Path:
    folder = system.root / _SOUND_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    script, recording = folder / "server.pa", folder / "raw"
    script.write_text(_PULSE_SCRIPT.format(socket=folder / "native"))
    # Makes Debian's ALSA plugin use the PulseAudio server; not part of the app.
    (system.home / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    settings = {"PULSE_SERVER": f"unix:{folder / 'native'}", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    command = [
        "pulseaudio",
        "-n",
        "-F",
        str(script),
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--disable-shm=yes",
        "--use-pid-file=no",
    ]
    _start(exit_stack, command, settings)
    wait_until(lambda: (folder / "native").exists(), "the sound card is there")
    (folder / "native").chmod(0o777)
    listen = [
        "parec",
        "-d",
        "memory.monitor",
        "--format=float32le",
        f"--rate={RATE}",
        "--channels=2",
        "--latency-msec=20",
    ]
    with recording.open("wb") as output:
        recorder = subprocess.Popen(listen, env=dict(os.environ) | settings, stdout=output, stderr=subprocess.DEVNULL)
    exit_stack.callback(_terminate, recorder)
    wait_until(lambda: recording.stat().st_size, "the recorder runs")
    return recording


def _start(exit_stack: ExitStack, command: list[str], settings: dict[str, str]) -> None:
    process = subprocess.Popen(
        command, env=dict(os.environ) | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    exit_stack.callback(_terminate, process)


def _terminate(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait()
