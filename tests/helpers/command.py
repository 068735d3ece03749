"""Run the app's command line as a user would, in a separate process on a separate library."""

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
# The port discard, where nothing answers: models cannot be downloaded.
NO_SERVER = "http://127.0.0.1:9"
# Long enough for Redis, the worker and a song on a busy machine of two cores (seconds).
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class CommandResult:
    """Exit status and output of a command."""

    exit_status: int
    stdout: str
    stderr: str

    @property
    def json_lines(self) -> list[dict[str, Any]]:
        """Every line of standard output as JSON; raises if a line is anything else."""
        return [json.loads(line) for line in self.stdout.splitlines()]


def unbraid_command(*arguments: str | Path) -> list[str]:
    """Return the command for `unbraid ARGUMENTS`, for tests that start the process themselves."""
    return [sys.executable, "-m", "desktop", *map(str, arguments)]


def command_environment(library: Path, **extra: str) -> dict[str, str]:
    """Return the environment of a command on `library`, without a display and without an external Redis."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "REDIS_HOST")}
    return kept | {"UNBRAID_HOME": str(library), "UNBRAID_MODEL_URL": NO_SERVER} | extra


@contextmanager
def running_process(command: Sequence[str | Path], library: Path, **options: Any) -> Iterator["subprocess.Popen[Any]"]:
    """Run a process on `library`, with `options` for Popen; kill it at the end if it still runs."""
    process = subprocess.Popen(command, **{"cwd": ROOT, "env": command_environment(library)} | options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run_unbraid(library: Path, *arguments: str | Path, **extra: str) -> CommandResult:
    """Run `unbraid ARGUMENTS` to its end on `library`. Model downloads fail unless `extra` names a server."""
    process = subprocess.run(
        unbraid_command(*arguments),
        cwd=ROOT,
        env=command_environment(library, **extra),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return CommandResult(process.returncode, process.stdout, process.stderr)
