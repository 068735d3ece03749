"""Processes, named so that no other process is ever taken for one of them, and the machine that can see them."""

import os
import platform
import sys
from functools import cache
from pathlib import Path

import psutil


@cache
def machine_id() -> str:
    """Return the name of what this process shares process numbers with.

    On Linux that is a PID namespace in one boot of a kernel: two containers may have the same host name, and the same
    process number in each of them.
    """
    if sys.platform != "linux":
        return platform.node()
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{platform.node()}:{boot_id}:{Path('/proc/self/ns/pid').stat().st_ino}"


def process_start_time(pid: int) -> str | None:
    """Return when the process started, as a text that no other process of that number has; None if it has ended.

    The text stays the same for as long as the process lives, also when the clock is changed. Raises OSError when the
    system does not answer.
    """
    return _start_time_on_linux(pid) if sys.platform == "linux" else _start_time_elsewhere(pid)


def current_process_identity() -> str:
    """Return the calling process as `machine/pid/start`."""
    return f"{machine_id()}/{os.getpid()}/{process_start_time(os.getpid())}"


def _start_time_on_linux(pid: int) -> str | None:
    """Read the start in clock ticks since the boot: psutil adds the boot's time, which moves with the clock."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc_pid_stat(5): field 3 is the state, field 22 the start; field 2, the name in brackets, may hold anything.
    fields = status.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")


def _start_time_elsewhere(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied as error:
        raise PermissionError(error.msg) from error
