"""Who holds a job: a process, named so that another one with the same number is not taken for it."""

import os
import platform

import psutil

# Creation times are rounded differently by different calls (seconds).
_SAME_MOMENT = 1.0


def this_process() -> str:
    """The calling process as `machine/pid/creation time`."""
    return f"{platform.node()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_gone(owner: str) -> bool:
    """True when `owner` is known to be dead; False also for a process of another machine, where the lease decides."""
    machine, pid, created = owner.rsplit("/", 2)
    if machine != platform.node():
        return False
    try:
        process = psutil.Process(int(pid))
        return abs(process.create_time() - float(created)) > _SAME_MOMENT or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
