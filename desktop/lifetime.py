"""How processes end: in order when they are asked to, and never later than their parent."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import TypedDict

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# winnt.h
_EXTENDED_LIMITS, _KILL_ON_CLOSE, _TERMINATE, _SET_QUOTA = 9, 0x2000, 0x0001, 0x0100
_log = logging.getLogger(__name__)


def requests_to_end() -> list[signal.Signals]:
    """The signals that ask this process to end and leave its work for later: a shutdown, a closed terminal.

    Without those that whoever started it had ignored, as `nohup` does. Ctrl-C is none of them.
    """
    known = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    return [number for number in known if number is not None and signal.getsignal(number) is not signal.SIG_IGN]


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends, or at once when `parent` (a pid) is not that any more.

    Linux only; on Windows `bind` does it, and on macOS a child notices that its standard input has closed.
    """
    if sys.platform != "linux":
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), signal.SIGKILL)


class Ties(TypedDict, total=False):
    """Arguments of `Popen`."""

    creationflags: int
    start_new_session: bool
    preexec_fn: Callable[[], None]


def apart() -> Ties:
    """What `Popen` is given, so that Ctrl-C in a terminal is for us alone, and no console window opens for a child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def tied() -> Ties:
    """The same, and on Linux the child is killed when the *calling thread* ends."""
    if sys.platform != "linux":
        return apart()
    us = os.getpid()
    return {**apart(), "preexec_fn": lambda: end_with_parent(us)}


def bind(child: "subprocess.Popen[bytes]") -> None:
    """On Windows, have the system kill `child`, and all that it starts, when this process ends, whatever ends it."""
    if sys.platform == "win32":
        group, kernel = _group(), ctypes.windll.kernel32
        handle = kernel.OpenProcess(_TERMINATE | _SET_QUOTA, False, child.pid)
        if not kernel.AssignProcessToJobObject(ctypes.c_void_p(group), ctypes.c_void_p(handle)):
            _log.warning("%s may outlive this process", child.args)
        kernel.CloseHandle(ctypes.c_void_p(handle))


class GroupLimits(ctypes.Structure):
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


@cache
def _group() -> int:
    """What Windows calls a job: a group of processes. It ends with its last handle, which is ours, and so with us."""
    if sys.platform != "win32":
        return 0
    kernel = ctypes.windll.kernel32
    kernel.CreateJobObjectW.restype = kernel.OpenProcess.restype = ctypes.c_void_p
    group = kernel.CreateJobObjectW(None, None)
    limits = GroupLimits(flags=_KILL_ON_CLOSE)
    size = ctypes.sizeof(limits)
    kernel.SetInformationJobObject(ctypes.c_void_p(group), _EXTENDED_LIMITS, ctypes.byref(limits), size)
    return group
