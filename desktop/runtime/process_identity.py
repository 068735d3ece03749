"""Unique identities of processes (machine, process id and start time), and whether they have exited or were killed."""

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path

import psutil

# Linux has this counter since 4.13. It covers the whole machine and includes kills by control group limits.
VMSTAT_PATH = Path("/proc/vmstat")


@cache
def machine_id() -> str:
    """Return the identity of the scope in which process ids are unique: host name, boot and PID namespace.

    On Linux that is a PID namespace in one boot of a kernel: two containers may have the same host name, and the same
    process id in each of them. Elsewhere it is the host name.
    """
    if sys.platform != "linux":
        return platform.node()
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{platform.node()}:{boot_id}:{Path('/proc/self/ns/pid').stat().st_ino}"


def process_start_time(pid: int) -> str | None:
    """Return the start time of a process as text that distinguishes processes with the same id; None if it has ended.

    The text does not change while the process runs, even if the clock is changed. Raises OSError if the system does
    not answer.
    """
    return _start_time_on_linux(pid) if sys.platform == "linux" else _start_time_elsewhere(pid)


def current_process_identity() -> str:
    """Return the identity of the calling process as `machine/pid/start`."""
    return f"{machine_id()}/{os.getpid()}/{process_start_time(os.getpid())}"


def is_on_this_machine(identity: str) -> bool:
    """Return True if `identity` names a process of this machine."""
    return identity.rsplit("/", 2)[0] == machine_id()


def has_exited(identity: str) -> bool:
    """Return True if the process `identity` is known to have exited.

    False for a process of another machine, of which nothing is known.
    """
    if not is_on_this_machine(identity):
        return False
    _, pid, start = identity.rsplit("/", 2)
    try:
        return process_start_time(int(pid)) != start
    except OSError:  # for example too many open files: the answer is unknown
        return False


def oom_kill_count() -> int | None:
    """Return how many processes the out-of-memory killer has killed since boot, or None if there is no counter."""
    try:
        match = re.search(r"^oom_kill (\d+)$", VMSTAT_PATH.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) if match else None


def _start_time_on_linux(pid: int) -> str | None:
    """Return the start time in clock ticks since boot: psutil adds the boot time, which changes with the clock."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc_pid_stat(5): field 3 is the state, field 22 the start; field 2, the name in brackets, may contain anything.
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
