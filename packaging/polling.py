"""Waiting for what another process does."""

from collections.abc import Callable
from time import monotonic, sleep


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = 120.0, interval_s: float = 0.1) -> None:
    """Look again every `glance` seconds. Raises TimeoutError when `what` does not come true within `seconds`."""
    end = monotonic() + timeout_s
    while not condition():
        if monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout_s:.0f} s")
        sleep(interval_s)
