"""The 134 bad files, generated once per session, with the expected verdict on each."""

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

# The list gives this name as bytes, because it is not valid UTF-8.
_LATIN1_NAME = b"latin1_\xe9.wav"
# 5 GiB or 8 hours of silence; its test does not decode it to the end.
SPARSE_NAME = "sparse_5g.wav"


@dataclass(frozen=True)
class BadFile:
    """A bad file and its expected verdict."""

    name: str
    is_accepted: bool
    expected: str
    """The expected outcome as the list describes it."""

    @property
    def label(self) -> str:
        """The name in ASCII, as an id for parametrized tests."""
        return ascii(self.name)[1:41]


@cache
def list_bad_files() -> tuple[BadFile, ...]:
    """Return the files listed in bad_expected.tsv, or none if the list does not exist."""
    table = TOOLS / "bad_expected.tsv"
    if not table.exists():
        return ()
    return tuple(_parse_line(line) for line in table.read_text(encoding="utf-8").splitlines()[1:])


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate the bad files, and return their folder."""
    if shutil.which("ffmpeg") is None or os.name == "nt":
        pytest.skip("needs ffmpeg, and a system with pipes and links")
    folder = tmp_path_factory.mktemp("bad")
    command = [sys.executable, str(TOOLS / "make_bad.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def _parse_line(line: str) -> BadFile:
    quoted_name, verdict, expected = line.split("\t")
    name = json.loads(f'"{quoted_name}"')
    if name.startswith("b'"):
        name = os.fsdecode(_LATIN1_NAME)
    return BadFile(name, verdict == "ACCEPT", expected)
