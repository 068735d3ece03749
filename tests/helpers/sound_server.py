"""A sound server that can start and stop while a program runs, with virtual cards that can be recorded."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.helpers.library import wait_until

SAMPLE_RATE = 44100
# Positions of the channels in the order that ALSA has.
_CHANNEL_MAPS = {2: "front-left,front-right", 4: "front-left,front-right,rear-left,rear-right"}


class SoundServer:
    """PulseAudio without D-Bus and user settings. Programs with its `environment` find its cards through ALSA."""

    def __init__(self, folder: Path) -> None:
        """Keep the files of the server in `folder`."""
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        home, runtime = folder / "home", folder / "run"
        for directory in (home, runtime):
            directory.mkdir(parents=True)
        (home / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
        self.environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_RUNTIME_PATH": str(runtime / "rt"),
            "PULSE_SERVER": f"unix:{runtime}/native",
        }

    def start(self, *cards: str) -> None:
        """Start the server with these cards; the first is the default."""
        lines = [
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._folder}/run/native",
            *(f"load-module {_describe_card(name)}" for name in cards),
            f"set-default-sink {cards[0]}",
        ]
        script = self._folder / "server.pa"
        script.write_text("\n".join(lines) + "\n")
        command = ["pulseaudio", "-n", "-F", script, "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
        self._server = subprocess.Popen(
            [*command, "--use-pid-file=no"], env=self._full_environment(), stderr=subprocess.DEVNULL
        )
        wait_until(lambda: self._pactl("info").returncode == 0)

    def stop(self) -> None:
        """Kill the server, so that its cards disappear."""
        if self._server:
            self._server.kill()
            self._server.wait()

    def freeze(self) -> None:
        """Suspend the server, so that it answers nothing."""
        assert self._server
        self._server.send_signal(signal.SIGSTOP)

    def set_default_card(self, card: str) -> None:
        """Make a card the default."""
        assert self._pactl("set-default-sink", card).returncode == 0

    def add_card(self, card: str, channels: int = 2, sample_rate: int = SAMPLE_RATE) -> None:
        """Connect another card."""
        assert self._pactl("load-module", *_describe_card(card, channels, sample_rate).split(" ")).returncode == 0

    def remove_card(self, card: str) -> None:
        """Remove a card."""
        modules = self._pactl("list", "short", "modules").stdout.splitlines()
        number = next(line.split()[0] for line in modules if f"sink_name={card} " in line)
        assert self._pactl("unload-module", number).returncode == 0

    @contextmanager
    def recording(self, card: str, channels: int = 2) -> Generator["Recording"]:
        """Record the output of a card within this context."""
        raw = self._folder / f"{card}.raw"
        command = ["parec", "-d", f"{card}.monitor", "--format=float32le", f"--rate={SAMPLE_RATE}"]
        command += [f"--channels={channels}", f"--channel-map={_CHANNEL_MAPS[channels]}"]
        with raw.open("wb") as out:
            recorder = subprocess.Popen([*command, "--latency-msec=20"], env=self._full_environment(), stdout=out)
        try:
            wait_until(lambda: raw.stat().st_size > 0)
            yield Recording(raw, channels)
        finally:
            recorder.kill()
            recorder.wait()

    def _pactl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["pactl", *arguments], env=self._full_environment(), capture_output=True, text=True, check=False
        )

    def _full_environment(self) -> dict[str, str]:
        return dict(os.environ) | self.environment


class Recording:
    """The output of a card so far."""

    def __init__(self, raw: Path, channels: int) -> None:
        self._raw = raw
        self._channels = channels

    def sound(self) -> NDArray[np.float32]:
        """Return the recorded samples, float32 `[frames, channels]`."""
        data, frame_bytes = self._raw.read_bytes(), 4 * self._channels
        return np.frombuffer(data[: len(data) // frame_bytes * frame_bytes], np.float32).reshape(-1, self._channels)

    def is_audible(self) -> bool:
        """Return True if the last half second is not silent."""
        return bool(self.sound()[-SAMPLE_RATE // 2 :].any())


def _describe_card(name: str, channels: int = 2, sample_rate: int = SAMPLE_RATE) -> str:
    """Return the module of a virtual card and its arguments; the title of the card is its name with a capital."""
    return (
        f"module-null-sink sink_name={name} rate={sample_rate} format=float32le channels={channels}"
        f" channel_map={_CHANNEL_MAPS[channels]} sink_properties=device.description={name.title()}"
    )
