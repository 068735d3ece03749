"""Access to the job service of a library that is still being opened when the window appears."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.jobs.service import JobService

ServiceProvider = Callable[[], "JobService"]
"""Returns the job service, once the library is open.

It blocks until then, so call it in background threads only. Raises StorageError if the library cannot be opened.
"""
