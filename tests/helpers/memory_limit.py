"""A memory limit for single processes, as containers and service managers set it; the kernel enforces it by killing."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

_CGROUP_ROOT = Path("/sys/fs/cgroup")


class MemoryLimit:
    """A control group with a memory limit."""

    def __init__(self, group: Path) -> None:
        self._group = group

    def add_process(self, process: psutil.Process) -> None:
        """Count the memory that the process requests from now on."""
        (self._group / "cgroup.procs").write_text(str(process.pid))


@contextmanager
def memory_limit(limit_bytes: int) -> Generator[MemoryLimit]:
    """Set a limit of `limit_bytes`. Skip the test where that fails: it needs root and a system that permits it."""
    is_cgroup_v1 = (_CGROUP_ROOT / "memory").is_dir()
    group = (_CGROUP_ROOT / "memory" if is_cgroup_v1 else _CGROUP_ROOT) / f"unbraid-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if is_cgroup_v1 else "memory.max")).write_text(str(limit_bytes))
    except OSError:
        pytest.skip("no memory limit can be set here")
    try:
        yield MemoryLimit(group)
    finally:
        group.rmdir()
