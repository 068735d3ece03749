"""The 134 bad files, made once, with what each deserves."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.shared import TOOLS

# Listed as the bytes that it is: no text has this name.
_LATIN1_NAME = b"latin1_\xe9.wav"
# 5 GiB of silence, 8 hours: what becomes of it is tested without decoding it to the end.
SPARSE_NAME = "sparse_5g.wav"


@dataclass(frozen=True)
class BadFile:
    """One of them."""

    name: str
    is_accepted: bool
    expected: str
    """In the words of the list."""

    @property
    def label(self) -> str:
        """The name, fit for a test's identity on any terminal."""
        return ascii(self.name)[1:41]


@cache
def list_bad_files() -> tuple[BadFile, ...]:
    """All of them, as bad_expected.tsv lists them; none where the list is not there."""
    table = TOOLS / "bad_expected.tsv"
    if not table.exists():
        return ()
    return tuple(_parse_line(line) for line in table.read_text(encoding="utf-8").splitlines()[1:])


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds them."""
    if shutil.which("ffmpeg") is None or os.name == "nt":
        pytest.skip("ffmpeg makes these files, on a system with pipes and links")
    folder = tmp_path_factory.mktemp("bad")
    command = [sys.executable, str(TOOLS / "make_bad.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


def _parse_line(line: str) -> BadFile:
    quoted_name, verdict, expected = line.split("\t")
    name = json.loads(f'"{quoted_name}"')
    if name.startswith("b'"):
        name = os.fsdecode(_LATIN1_NAME)
    return BadFile(name, verdict == "ACCEPT", expected)
