"""Tries files in a child process, one after the other; a new one takes the place of one that ended."""

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

# Seconds by the clock: far beyond the processor time that the child allows itself, so this ends what waits for ever.
_PATIENCE = 120.0
_LONGEST_STORY = 4000


@dataclass(frozen=True)
class Ended:
    """A file that ended the process it was tried in."""

    how: str


class Trials:
    """Use as a context."""

    def __init__(self, program: str, folder: Path) -> None:
        """`program` is a module that reads paths and answers in lines; `folder` is its own."""
        self._program = program
        self._folder = folder
        self._stories = folder / "stderr.txt"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._end(self._process)

    def of(self, data: bytes, name: str) -> list[str] | Ended:
        """What is said of a file with this content."""
        path = self._folder / name
        path.write_bytes(data)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        overdue = threading.Timer(_PATIENCE, process.kill)
        overdue.start()
        process.stdin.write(json.dumps(str(path)) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        overdue.cancel()
        if answer:
            return json.loads(answer)
        self._end(process)
        self._process = None
        return Ended(f"exit status {process.returncode}\n{self._stories.read_text(errors='replace')[-_LONGEST_STORY:]}")

    def _start(self) -> subprocess.Popen[str]:
        with self._stories.open("w") as stories:
            return subprocess.Popen(
                [sys.executable, "-m", self._program], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stories, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            )  # fmt: skip

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait()
        process.stdout.close()
