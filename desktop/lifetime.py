"""How processes end: in order when they are asked to, and never later than their parent."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def requests_to_end() -> list[signal.Signals]:
    """The signals that ask this process to end and leave its work for later: a shutdown, a closed terminal.

    Without those that whoever started it had ignored, as `nohup` does. Ctrl-C is none of them.
    """
    known = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))
    return [number for number in known if number is not None and signal.getsignal(number) is not signal.SIG_IGN]


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends, or at once when `parent` (a pid) is not that any more.

    Linux only; elsewhere the parent ends its children.
    """
    if sys.platform != "linux":
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended meanwhile
        os.kill(os.getpid(), signal.SIGKILL)
