"""A limit on the memory of single processes, as containers and service managers set it: the system kills what exceeds it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

_CGROUP_ROOT = Path("/sys/fs/cgroup")


class MemoryLimit:
    """A control group of its own."""

    def __init__(self, group: Path) -> None:
        self._group = group

    def add_process(self, process: psutil.Process) -> None:
        """From now on what the process asks for counts."""
        (self._group / "cgroup.procs").write_text(str(process.pid))


@contextmanager
def memory_limit(limit_bytes: int) -> Generator[MemoryLimit]:
    """A limit of `size` bytes. Skips the test where none can be had: it takes root, and a system that allows it."""
    is_cgroup_v1 = (_CGROUP_ROOT / "memory").is_dir()
    group = (_CGROUP_ROOT / "memory" if is_cgroup_v1 else _CGROUP_ROOT) / f"unbraid-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if is_cgroup_v1 else "memory.max")).write_text(str(limit_bytes))
    except OSError:
        pytest.skip("no limit of memory can be set here")
    try:
        yield MemoryLimit(group)
    finally:
        group.rmdir()
