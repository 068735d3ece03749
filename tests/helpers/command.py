"""Runs the app's own command line as a user would: a process of its own, a library of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Long enough for a cold start of Redis and the worker on a busy machine of two cores (seconds).
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class CommandResult:
    """What a command gave back."""

    exit_status: int
    stdout: str
    stderr: str

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        """Every line of standard output as JSON: fails when anything else is there."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def unbraid_command(*arguments: str | Path) -> list[str]:
    """The argument list of `unbraid WORDS`, for tests that hold the process themselves."""
    return [sys.executable, "-m", "desktop", *map(str, arguments)]


def command_environment(library: Path, **extra: str) -> dict[str, str]:
    """The environment of a command on `library`: without a display, and without anybody else's Redis."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "REDIS_HOST")}
    return kept | {"UNBRAID_HOME": str(library), "UNBRAID_MODEL_URL": "http://127.0.0.1:9"} | extra


@contextmanager
def running_process(command: Sequence[str | Path], library: Path, **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """A process on `library`, with these arguments of Popen; killed at the end, if it still runs."""
    process = subprocess.Popen(command, **{"cwd": ROOT, "env": command_environment(library)} | options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_unbraid(library: Path, *arguments: str | Path, **extra: str) -> CommandResult:
    """Run `unbraid WORDS` to its end on `library`. No model can be downloaded unless `more` says from where."""
    run = subprocess.run(
        unbraid_command(*arguments),
        cwd=ROOT,
        env=command_environment(library, **extra),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return CommandResult(run.returncode, run.stdout, run.stderr)
