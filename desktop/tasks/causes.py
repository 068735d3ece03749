"""What a failure means for the next try: decided by class and errno, and by words only where there is nothing else.

Redis's and SQLite's errors are no OSErrors, and an OSError may be a missing file as well as a line that was busy; so
neither the class nor the number is enough.
"""

import errno
import sqlite3
from collections.abc import Iterator
from enum import Enum

import redis.exceptions
from kombu.exceptions import OperationalError as UnreachableBrokerError

from desktop.errors import DamagedLibraryError, ModelRejectedError, UnusableTrackError


class Cause(Enum):
    """Why a job failed, as far as it matters for what happens next."""

    LASTING = "lasting"
    """Another try would end in the same way: missing, damaged, no room, not allowed."""
    PASSING = "passing"
    """Something did not answer, or was busy: another try may do."""
    MEMORY = "memory"
    """There was not enough memory."""


_PASSING_NUMBERS = frozenset((
    errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.ESTALE, errno.ENOLCK,
    errno.EDEADLK, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED,
    errno.ECONNREFUSED, errno.ENOTCONN, errno.ENETDOWN, errno.ENETUNREACH, errno.ENETRESET, errno.EHOSTUNREACH,
    errno.ESHUTDOWN,
))  # fmt: skip
_PASSING_CLASSES = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, UnreachableBrokerError)
# Redis answers, and would say the same again.
_REFUSED = (redis.exceptions.AuthenticationError, redis.exceptions.AuthorizationError)
_PASSING_IN_SQLITE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL)
# Whatever made them say so: nothing can be done with this file.
_FINAL = (UnusableTrackError, ModelRejectedError, DamagedLibraryError)
# torch says it with a RuntimeError where there is no graphics card, and OpenVINO with C++'s own word.
_MEMORY_CLASS, _MEMORY_WORDS = "OutOfMemoryError", ("can't allocate memory", "not enough memory", "bad_alloc")


def cause_of(error: BaseException) -> Cause:
    """Look at an error, and at those that it was raised from."""
    if isinstance(error, _FINAL):
        return Cause.LASTING
    for one in _with_its_causes(error):
        if _is_memory(one):
            return Cause.MEMORY
        if _is_passing(one):
            return Cause.PASSING
    return Cause.LASTING


def _with_its_causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    named = any(kind.__name__ == _MEMORY_CLASS for kind in type(error).__mro__)
    said = isinstance(error, RuntimeError) and any(words in str(error) for words in _MEMORY_WORDS)
    return isinstance(error, MemoryError) or named or said


def _is_passing(error: BaseException) -> bool:
    if isinstance(error, OSError):
        # Raised without a number by libraries that count the time themselves.
        return error.errno in _PASSING_NUMBERS or (
            error.errno is None and isinstance(error, (TimeoutError, ConnectionError, InterruptedError))
        )
    if isinstance(error, sqlite3.Error):
        # The lower byte is the kind; the rest says more about it. Errors of the module's own have no code.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING_IN_SQLITE
    return isinstance(error, _PASSING_CLASSES) and not isinstance(error, _REFUSED)
