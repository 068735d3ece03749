"""Polling for a state of another process."""

from collections.abc import Callable
from time import monotonic, sleep


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 120.0, interval_s: float = 0.1) -> None:
    """Call `condition` every `interval_s` seconds until it returns a true value.

    Raises TimeoutError, with `what` in the message, if that takes longer than `timeout_s` seconds.
    """
    deadline = monotonic() + timeout_s
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:.0f} s")
        sleep(interval_s)
