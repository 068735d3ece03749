"""Process control: termination signals, children that end with their parent, and commands to start this program."""

import ctypes
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypedDict

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# winnt.h
_EXTENDED_LIMIT_INFORMATION, _LIMIT_KILL_ON_JOB_CLOSE, _PROCESS_TERMINATE, _PROCESS_SET_QUOTA = (
    9,
    0x2000,
    0x0001,
    0x0100,
)
# Celery's process pool and Python's multiprocessing start their resource trackers with `-c` and this code, which a
# packaged app cannot run as code.
_RESOURCE_TRACKER = re.compile(
    r"from (billiard\.semaphore_tracker|multiprocessing\.resource_tracker) import main;main\((\d+)\)"
)
# Prefixes of environment variables that name a library, or hold a password.
_LIBRARY_VARIABLES = ("UNBRAID_", "REDIS_")
_log = logging.getLogger(__name__)


def termination_signals() -> list[signal.Signals]:
    """Return the signals that ask this process to exit and keep its unfinished work: shutdown and closed terminal.

    Excludes signals that are ignored since the start, as with `nohup`, and Ctrl-C.
    """
    signals = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    return [number for number in signals if number is not None and signal.getsignal(number) is not signal.SIG_IGN]


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends, or at once if `parent` (a pid) is no longer its parent.

    Linux only; on Windows `assign_to_job_object` does it, and on macOS a child notices that its standard input closes.
    """
    if sys.platform != "linux":
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended in the meantime
        os.kill(os.getpid(), signal.SIGKILL)


class PopenOptions(TypedDict, total=False):
    """Keyword arguments of `Popen`."""

    creationflags: int
    start_new_session: bool
    preexec_fn: Callable[[], None]


def new_session_options() -> PopenOptions:
    """Return `Popen` options that keep Ctrl-C in a terminal and console windows away from a child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def end_with_parent_options() -> PopenOptions:
    """Return `new_session_options`; on Linux the child is also killed when the *calling thread* ends."""
    if sys.platform != "linux":
        return new_session_options()
    own_pid = os.getpid()
    return {**new_session_options(), "preexec_fn": lambda: end_with_parent(own_pid)}


def assign_to_job_object(child: "subprocess.Popen[bytes]") -> None:
    """On Windows, have the system kill `child` and its descendants when this process ends, for whatever reason."""
    if sys.platform == "win32":
        job_object, kernel = _create_job_object(), ctypes.windll.kernel32
        handle = kernel.OpenProcess(_PROCESS_TERMINATE | _PROCESS_SET_QUOTA, False, child.pid)
        if not kernel.AssignProcessToJobObject(ctypes.c_void_p(job_object), ctypes.c_void_p(handle)):
            _log.warning("Child %s could not be added to the job object and may outlive this process", child.args)
        kernel.CloseHandle(ctypes.c_void_p(handle))


class JobObjectLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("group_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("most_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
        ("counters", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    )


def own_command(*arguments: str) -> list[str]:
    """Return the command that starts this program with `arguments`, packaged or not."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    # A child ignores Python's variables and the user's packages if this process does.
    isolated = ["-I"] if sys.flags.isolated else []
    return [sys.executable, *isolated, "-m", "desktop", *arguments]


def own_environment() -> dict[str, str]:
    """Return this process's environment with a PYTHONPATH that finds `desktop` from any folder."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return dict(os.environ) | {"PYTHONPATH": path}


def environment_without_library() -> dict[str, str]:
    """Return `own_environment` without the variables of a library, for a child that needs neither it nor a password."""
    return {name: value for name, value in own_environment().items() if not name.startswith(_LIBRARY_VARIABLES)}


def run_as_pool_child(arguments: Sequence[str]) -> bool:
    """In the packaged app, run the child of a process pool that Celery or Python starts with `arguments`.

    The packaged app is its own Python interpreter, so pools start it for their children. Returns False at once if
    `arguments` are not those of such a child.
    """
    if not getattr(sys, "frozen", False) or not arguments:
        return False
    if arguments[0] == "--billiard-fork":
        from billiard.spawn import freeze_support

        freeze_support()
        return True
    tracker = _RESOURCE_TRACKER.fullmatch(arguments[-1]) if arguments[-2:-1] == ["-c"] else None
    if tracker is None:
        return False
    import_module(tracker[1]).main(int(tracker[2]))
    return True


@cache
def _create_job_object() -> int:
    """Create the Windows job object (a group of processes) that ends with its last handle, and so with this process."""
    if sys.platform != "win32":
        return 0
    kernel = ctypes.windll.kernel32
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = ctypes.c_void_p
    job_object = kernel.CreateJobObjectW(None, None)
    limits = JobObjectLimits(flags=_LIMIT_KILL_ON_JOB_CLOSE)
    size = ctypes.sizeof(limits)
    kernel.SetInformationJobObject(ctypes.c_void_p(job_object), _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size)
    return job_object
