"""The way to the library, which is opened behind the window while that can be seen already."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.jobs.service import JobService

ServiceProvider = Callable[[], "JobService"]
"""Waits until the library is open, so it is called in background threads alone. Raises StorageError when it cannot be."""
