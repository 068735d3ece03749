"""Standard streams that are always there: a program without a terminal may be started without any."""

import os
import sys


def ensure_streams() -> None:
    """Give this process the standard streams that it lacks; they lead nowhere.

    In a packaged app on Windows they are None, and where somebody closed them, the next file that is opened would take
    their number: what is meant for the terminal would be written into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            taken = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(taken, True)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            nowhere = open(os.devnull, mode, encoding="utf-8", errors="replace")  # noqa: PTH123, SIM115
            setattr(sys, name, nowhere)
