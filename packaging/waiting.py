"""Waiting for what another process does."""

from collections.abc import Callable
from time import monotonic, sleep


def wait_until(true: Callable[[], object], what: str, seconds: float = 120.0, glance: float = 0.1) -> None:
    """Look again every `glance` seconds. Raises TimeoutError when `what` does not come true within `seconds`."""
    end = monotonic() + seconds
    while not true():
        if monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        sleep(glance)
