"""Smoke test of a built bundle: `python packaging/smoke_test.py BUNDLE [--weights FILE.th] [SONG …]`.

Runs on every system with the standard library only. Starts the packaged program as users do, separates, analyses, opens
the window, plays slowly, exports and quits. Fails on missing files, on warnings, and on processes that keep running.
`--weights` is an HTDemucs file, which is computed with every runtime of the bundle. Uses a temporary library.
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
# Text that must not appear in any output or log: the first four show that the bundle is incomplete.
ERROR_PATTERN = re.compile(
    r"ModuleNotFoundError|ImportError|undefined symbol|cannot open shared object|Traceback|Warning\b|\bWARNING\b|\bCRITICAL\b|\bERROR\b"
)
# Expected messages about things that this machine lacks.
ALLOWED_PATTERN = re.compile(
    r"no sound device|ALSA lib|dbus|propagateSizeHints|Kernel|overcommit|TCP backlog|# Warning: no config", re.I
)
# Formats that FFmpeg or libsndfile encodes: the names of `desktop/audio_formats.py`, and the suffixes.
EXPORT_FORMATS = {
    "wav": ".wav",
    "flac": ".flac",
    "alac": ".m4a",
    "mp3": ".mp3",
    "m4a": ".m4a",
    "ogg": ".ogg",
    "opus": ".opus",
}
RUNTIMES = ("openvino", "torch")
MAX_NULL_DBFS = -144.0


class SmokeError(Exception):
    """A check of the bundle failed; the message says which."""


def main(argv: Sequence[str]) -> int:
    """Test the bundle and print each passed step. Returns 0 if all steps pass, else 1."""
    parser = argparse.ArgumentParser(prog="smoke_test.py", description="Smoke test of a built bundle.")
    parser.add_argument("bundle", type=Path, help="the folder, or the .app, or the installed program")
    parser.add_argument("songs", type=Path, nargs="*", help="more songs to separate, beside a generated one")
    parser.add_argument("--weights", type=Path, help="an HTDemucs file to import and separate with")
    arguments = parser.parse_args(argv)
    with TemporaryDirectory(prefix="unbraid-smoke-") as folder:
        smoke_test = SmokeTest(find_program(arguments.bundle.resolve()), Path(folder))
        try:
            for step in smoke_test.run_steps([song.resolve() for song in arguments.songs], arguments.weights):
                print(f"ok  {step}", flush=True)
        except SmokeError as error:
            print(f"NOT OK  {error}")
            return 1
    return 0


def find_program(bundle: Path) -> Path:
    """Return the executable of the bundle that writes to a terminal; `bundle` itself if it is the executable."""
    names = ("unbraid-cli.exe", "unbraid.exe", "unbraid", "Contents/MacOS/unbraid")
    found = [bundle / name for name in names if (bundle / name).is_file()] or [bundle]
    return found[0]


class SmokeTest:
    """Steps of the test of one program, with a temporary library."""

    def __init__(self, program: Path, folder: Path) -> None:
        """Prepare the test of `program`; `folder` is an empty folder for the library and the exported files."""
        self._program = program
        self._folder = folder
        self._home = folder / "home"

    def run_steps(self, songs: Sequence[Path], weights: Path | None) -> Iterator[str]:
        """Run all steps, and yield a sentence after each. Raises SmokeError."""
        yield self._run("--version").strip()
        yield self._check_doctor()
        tone = write_tone(self._folder / "tone.wav")
        yield from (self._separate(song, "sketch") for song in (tone, *songs))
        yield self._export()
        if weights:
            yield from self._separate_with_each_runtime(weights.resolve(), tone)
        yield self._check_analysis(tone)
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
            raise SmokeError(f"{song.name}: the stems differ from the song by {job['null_dbfs']} dBFS")
        files = [path for path in out.rglob("*") if path.is_file()]
        if not files or not all(path.stat().st_size for path in files):
            raise SmokeError(f"{song.name}: nothing was exported")
        return f"{song.name} by {job['model']} ({job['runtime']}): null {job['null_dbfs']:.0f} dBFS, {len(files)} files"

    def _export(self) -> str:
        job = json.loads(self._run("jobs", "--json"))[0]
        for name, suffix in EXPORT_FORMATS.items():
            out = self._folder / "export" / name
            self._run("export", job["id"], "--to", str(out), "--format", name)
            files = [path for path in out.iterdir() if path.suffix == suffix and path.stat().st_size]
            if not files:
                raise SmokeError(f"nothing was exported as {name}")
        return f"exported as {', '.join(EXPORT_FORMATS)}"

    def _separate_with_each_runtime(self, weights: Path, song: Path) -> Iterator[str]:
        self._run("models", "import", str(weights), "--name", "smoke")
        for runtime in RUNTIMES:
            (self._home / "settings.json").write_text(json.dumps({"runtime": runtime}), encoding="utf-8")
            summary = self._separate(song, "smoke", "--format", "flac", "--again")
            if f"({runtime})" not in summary:
                raise SmokeError(f"{runtime} was requested, but the result is: {summary}")
            yield summary

    def _check_analysis(self, song: Path) -> str:
        found = json.loads(self._run("analyse", "--json", str(song)))
        return f"{song.name} analysed: {len(found['chords'])} chords, tuning {found['tuning_cents']:+.0f} cents"

    def _check_window(self) -> str:
        found: dict[str, Any] = json.loads(self._run("selftest").splitlines()[-1])
        if not found["well"]:
            raise SmokeError(f"the window: {found}")
        if found["stretcher"] != "compiled":
            raise SmokeError("the compiled stretcher is missing, or cannot be loaded")
        return f"window: {found}"

    def _check_child_environment(self) -> str:
        """Check that a system program started by the app gets the user's variables and none of PyInstaller's."""
        received_file, fake_program = self._folder / "received", self._folder / "bin" / "zenity"
        fake_program.parent.mkdir()
        fake_program.write_text(f'#!/bin/sh\nenv > "{received_file}"\n', encoding="utf-8")
        fake_program.chmod(0o755)
        variables = {
            "UNBRAID_HOME": str(self._folder / "no window"),
            "QT_QPA_PLATFORM": "nowhere",
            "LD_LIBRARY_PATH": "/none",
        }
        variables |= {"PATH": f"{fake_program.parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(
            [self._program],
            env=dict(os.environ) | variables,
            capture_output=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        received = received_file.read_text(encoding="utf-8").splitlines() if received_file.exists() else []
        leaked = [line for line in received if str(self._program.parent) in line or line.startswith("_PYI_")]
        if leaked or "LD_LIBRARY_PATH=/none" not in received:
            raise SmokeError(f"a program of the system got {', '.join(leaked) or 'other variables than the user has'}")
        return "programs of the system get the user's variables"

    def _run(self, *arguments: str) -> str:
        """Run the program with `arguments` and return its standard output. Raises SmokeError on failure or warnings."""
        environment = dict(os.environ) | {"UNBRAID_HOME": str(self._home)}
        result = subprocess.run(
            [self._program, *arguments], env=environment, capture_output=True, text=True, errors="replace", timeout=COMMAND_TIMEOUT_S,
            cwd=self._folder, check=False,
        )  # fmt: skip
        if result.returncode:
            raise SmokeError(
                f"{' '.join(arguments[:2])} ended with {result.returncode}: {(result.stdout + result.stderr)[-2000:]}"
            )
        if errors := find_errors(result.stderr):
            raise SmokeError(f"{' '.join(arguments[:2])} wrote: {errors}")
        return result.stdout

    def _check_logs(self) -> None:
        for log in sorted((self._home / "logs").rglob("*")):
            if log.is_file() and (errors := find_errors(log.read_text(encoding="utf-8", errors="replace"))):
                raise SmokeError(f"{log.name}: {errors}")

    def _find_leftover_processes(self) -> list[str]:
        """Return executables of the bundle that are still running; always empty except on Linux."""
        folder = str(self._program.resolve().parent)
        return [link for entry in Path("/proc").glob("[0-9]*/exe") if (link := _link_target(entry)).startswith(folder)]


def find_errors(text: str) -> str:
    """Return the lines of `text` with errors or warnings, or an empty string."""
    return "\n".join(
        line for line in text.splitlines() if ERROR_PATTERN.search(line) and not ALLOWED_PATTERN.search(line)
    )


def write_tone(path: Path, seconds: float = 6.0, rate: int = 44100) -> Path:
    """Write a test song with two swelling tones, 16-bit stereo, to `path` and return the path."""
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
