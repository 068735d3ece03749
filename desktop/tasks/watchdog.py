"""Ends this process when nothing moves any more."""

import faulthandler


class Watchdog:
    """Use as a context. It waits in C, so that nothing in Python, or in a library, can hold it up."""

    def __init__(self, seconds: float) -> None:
        """`seconds` without a move end the process."""
        self._seconds = seconds

    def __enter__(self) -> "Watchdog":
        self.moved()
        return self

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()

    def moved(self) -> None:
        """Something got on: wait anew."""
        # To the number itself: `sys.stderr` may be none at all.
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=2)
