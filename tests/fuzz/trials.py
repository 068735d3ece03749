"""Trial of files in a child process, one after another; a new process replaces one that crashed."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.helpers.command import ROOT

# Wall-clock seconds, far more than the CPU time that the child allows itself: this ends a child that waits forever.
_TIMEOUT_S = 120.0
_MAX_REPORT_LENGTH = 4000


@dataclass(frozen=True)
class Crash:
    """The end of the trial process while it tried a file."""

    report: str


class TrialProcess:
    """Child process that tries files, started on demand. Use as a context manager."""

    def __init__(self, program: str, folder: Path) -> None:
        """Run the module `program`, which replies to each path with one line; `folder` is for its files."""
        self._program = program
        self._folder = folder
        self._stderr_path = folder / "stderr.txt"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._end(self._process)

    def check(self, data: bytes, name: str) -> list[str] | Crash:
        """Return what the app reports about a file with this content, or the crash."""
        path = self._folder / name
        path.write_bytes(data)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = threading.Timer(_TIMEOUT_S, process.kill)
        watchdog.start()
        process.stdin.write(json.dumps(str(path)) + "\n")
        process.stdin.flush()
        reply = process.stdout.readline()
        watchdog.cancel()
        if reply:
            return json.loads(reply)
        self._end(process)
        self._process = None
        return Crash(
            f"exit status {process.returncode}\n{self._stderr_path.read_text(errors='replace')[-_MAX_REPORT_LENGTH:]}"
        )

    def _start(self) -> subprocess.Popen[str]:
        with self._stderr_path.open("w") as stderr:
            return subprocess.Popen(
                [sys.executable, "-m", self._program], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait()
        process.stdout.close()
