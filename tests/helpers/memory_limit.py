"""A limit on the memory of single processes, as containers and service managers set it: the system kills what exceeds it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

_GROUPS = Path("/sys/fs/cgroup")


class MemoryLimit:
    """A control group of its own."""

    def __init__(self, group: Path) -> None:
        self._group = group

    def hold(self, process: psutil.Process) -> None:
        """From now on what the process asks for counts."""
        (self._group / "cgroup.procs").write_text(str(process.pid))


@contextmanager
def memory_limit(size: int) -> Generator[MemoryLimit]:
    """A limit of `size` bytes. Skips the test where none can be had: it takes root, and a system that allows it."""
    version_1 = (_GROUPS / "memory").is_dir()
    group = (_GROUPS / "memory" if version_1 else _GROUPS) / f"unbraid-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if version_1 else "memory.max")).write_text(str(size))
    except OSError:
        pytest.skip("no limit of memory can be set here")
    try:
        yield MemoryLimit(group)
    finally:
        group.rmdir()
