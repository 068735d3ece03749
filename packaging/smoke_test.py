"""Tries a built bundle: `python packaging/smoke_test.py BUNDLE [--weights FILE.th] [SONG …]`. Any system, no packages.

It starts the packaged program as its users do, separates, opens the window, plays, exports and quits; it fails on what is
missing, on any warning, and on a process that stays behind. `--weights` is an HTDemucs file, which is computed by every
runtime that the bundle has; its library is a folder of its own, deleted afterwards.
"""

import argparse
import json
import math
import os
import re
import struct
import subprocess
import sys
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Seconds that one command may take on a slow machine.
COMMAND_TIMEOUT_S = 600
# What must not be read anywhere: the first three say that the bundle lacks something.
ERROR_PATTERN = re.compile(
    r"ModuleNotFoundError|ImportError|undefined symbol|cannot open shared object|Traceback|Warning\b|\bWARNING\b|\bCRITICAL\b|\bERROR\b"
)
# Said on purpose, of what this machine lacks or was not asked for.
ALLOWED_PATTERN = re.compile(
    r"no sound device|ALSA lib|dbus|propagateSizeHints|Kernel|overcommit|TCP backlog|# Warning: no config", re.I
)
RUNTIMES = ("openvino", "torch")
MAX_NULL_DBFS = -144.0


class SmokeError(Exception):
    """What is wrong with the bundle."""


def main(words: Sequence[str]) -> int:
    """Try it. Returns 0 when all is well, else 1."""
    parser = argparse.ArgumentParser(prog="smoke_test.py", description="Tries a built bundle.")
    parser.add_argument("bundle", type=Path, help="the folder, or the .app, or the installed program")
    parser.add_argument("songs", type=Path, nargs="*", help="songs to separate besides one that is made")
    parser.add_argument("--weights", type=Path, help="an HTDemucs file to import and separate with")
    chosen = parser.parse_args(words)
    with TemporaryDirectory(prefix="unbraid-smoke-") as folder:
        trial = SmokeTest(find_program(chosen.bundle.resolve()), Path(folder))
        try:
            for step in trial.run_steps([song.resolve() for song in chosen.songs], chosen.weights):
                print(f"ok  {step}", flush=True)
        except SmokeError as error:
            print(f"NOT OK  {error}")
            return 1
    return 0


def find_program(bundle: Path) -> Path:
    """The executable that answers in a terminal."""
    places = ("unbraid-cli.exe", "unbraid.exe", "unbraid", "Contents/MacOS/unbraid")
    found = [bundle / place for place in places if (bundle / place).is_file()] or [bundle]
    return found[0]


class SmokeTest:
    """One program, on a library of its own."""

    def __init__(self, program: Path, folder: Path) -> None:
        """`folder` is empty."""
        self._program = program
        self._folder = folder
        self._home = folder / "home"

    def run_steps(self, songs: Sequence[Path], weights: Path | None) -> Iterator[str]:
        """Go through everything; a sentence after each step. Raises SmokeError."""
        yield self._run("--version").strip()
        yield self._check_doctor()
        tone = write_tone(self._folder / "tone.wav")
        yield from (self._separate(song, "sketch") for song in (tone, *songs))
        if weights:
            yield from self._separate_with_each_runtime(weights.resolve(), tone)
        yield self._check_window()
        if sys.platform == "linux":
            yield self._check_child_environment()
        self._check_logs()
        yield "no warning in any log"
        if left := self._find_leftover_processes():
            raise SmokeError(f"still running: {', '.join(left)}")
        yield "nothing is left running"

    def _check_doctor(self) -> str:
        checks = json.loads(self._run("doctor", "--json"))
        bad = [f"{check['name']}: {check['found']}" for check in checks if check["verdict"] == "problem"]
        if bad:
            raise SmokeError("; ".join(bad))
        return f"ready: {next(check['found'] for check in checks if check['name'] == 'redis')}"

    def _separate(self, song: Path, model: str, *options: str) -> str:
        out = self._folder / "out" / model
        job = json.loads(self._run("separate", "--json", "--model", model, "--out", str(out), *options, str(song)))
        if job["status"] != "completed":
            raise SmokeError(f"{song.name}: {job['error']}")
        if job["null_dbfs"] > MAX_NULL_DBFS:
            raise SmokeError(f"{song.name}: the stems miss the song by {job['null_dbfs']} dBFS")
        files = [path for path in out.rglob("*") if path.is_file()]
        if not files or not all(path.stat().st_size for path in files):
            raise SmokeError(f"{song.name}: nothing was exported")
        return f"{song.name} by {job['model']} ({job['runtime']}): null {job['null_dbfs']:.0f} dBFS, {len(files)} files"

    def _separate_with_each_runtime(self, weights: Path, song: Path) -> Iterator[str]:
        self._run("models", "import", str(weights), "--name", "smoke")
        for runtime in RUNTIMES:
            (self._home / "settings.json").write_text(json.dumps({"runtime": runtime}), encoding="utf-8")
            said = self._separate(song, "smoke", "--format", "flac")
            if f"({runtime})" not in said:
                raise SmokeError(f"{runtime} was asked for, and this came: {said}")
            yield said

    def _check_window(self) -> str:
        found: dict[str, Any] = json.loads(self._run("selftest").splitlines()[-1])
        if not found["well"]:
            raise SmokeError(f"the window: {found}")
        return f"window: {found}"

    def _check_child_environment(self) -> str:
        """A program of the system that it starts gets the variables that it was started with, and none of its own."""
        received_file, stand_in = self._folder / "heard", self._folder / "bin" / "zenity"
        stand_in.parent.mkdir()
        stand_in.write_text(f'#!/bin/sh\nenv > "{received_file}"\n', encoding="utf-8")
        stand_in.chmod(0o755)
        given = {
            "UNBRAID_HOME": str(self._folder / "no window"),
            "QT_QPA_PLATFORM": "nowhere",
            "LD_LIBRARY_PATH": "/none",
        }
        given |= {"PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(
            [self._program], env=dict(os.environ) | given, capture_output=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
        got = received_file.read_text(encoding="utf-8").splitlines() if received_file.exists() else []
        ours = [line for line in got if str(self._program.parent) in line or line.startswith("_PYI_")]
        if ours or "LD_LIBRARY_PATH=/none" not in got:
            raise SmokeError(
                f"a program of the system was given {', '.join(ours) or 'other variables than the user has'}"
            )
        return "programs of the system get the user's variables"

    def _run(self, *words: str) -> str:
        """What a command writes, when it succeeds and warns of nothing. Raises SmokeError."""
        environment = dict(os.environ) | {"UNBRAID_HOME": str(self._home)}
        done = subprocess.run(
            [self._program, *words], env=environment, capture_output=True, text=True, errors="replace", timeout=COMMAND_TIMEOUT_S,
            cwd=self._folder, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SmokeError(
                f"{' '.join(words[:2])} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
            )
        if signs := find_errors(done.stderr):
            raise SmokeError(f"{' '.join(words[:2])} wrote: {signs}")
        return done.stdout

    def _check_logs(self) -> None:
        for log in sorted((self._home / "logs").rglob("*")):
            if log.is_file() and (signs := find_errors(log.read_text(encoding="utf-8", errors="replace"))):
                raise SmokeError(f"{log.name}: {signs}")

    def _find_leftover_processes(self) -> list[str]:
        """Programs of the bundle that still run; known on Linux alone."""
        ours = str(self._program.resolve().parent)
        return [link for entry in Path("/proc").glob("[0-9]*/exe") if (link := _link_target(entry)).startswith(ours)]


def find_errors(text: str) -> str:
    """The lines that tell of something missing, or warn; empty when there are none."""
    return "\n".join(
        line for line in text.splitlines() if ERROR_PATTERN.search(line) and not ALLOWED_PATTERN.search(line)
    )


def write_tone(path: Path, seconds: float = 6.0, rate: int = 44100) -> Path:
    """A song of a kind: two voices that swell, 16 bit stereo."""
    frames = bytearray()
    for number in range(int(seconds * rate)):
        swell = 0.4 * math.sin(math.pi * number / (seconds * rate))
        low, high = (swell * math.sin(2 * math.pi * tone * number / rate) for tone in (110.0, 554.4))
        frames += struct.pack("<hh", round(16000 * (low + high)), round(16000 * (low - high)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(frames))
    return path


def _link_target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
