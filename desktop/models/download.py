"""One file over HTTP: resumed where it broke off, verified before it counts."""

import errno
import http.client
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop.errors import CancelledError, ModelUnavailableError
from desktop.lock import FileLock
from desktop.models.catalogue import WeightsFile
from desktop.models.digest import counted, is_whole
from desktop.models.storage import part_of, storage_error
from desktop.tls import system_trust

Report = Callable[[int, int], None]
ShouldStop = Callable[[], bool]

_CHUNK = 1 << 18
# Seconds without a byte, from the server or into the file that another process downloads.
_PATIENCE = 20.0
# Seconds for a server to answer when a user waits to be told whether it does.
_SHORT_PATIENCE = 5.0
_OFFLINE = (errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN)
_POLL = 0.2
_ATTEMPTS = 8


class _BrokenOffError(Exception):
    """The server or the way to it failed; the message is the reason."""


def download(file: WeightsFile, target: Path, report: Report, should_stop: ShouldStop) -> None:
    """Bring `file` to `target`. `report` gets the bytes that are here and all there are (0 while unknown).

    What has come is kept in `target.part`, also when it breaks off. When another process downloads it already, its
    file is waited for. Raises ModelUnavailableError, StorageError, CancelledError.
    """
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        _take(lock, part_of(target), report, should_stop)
        if not is_whole(target, file.sha256):
            _bring(file, target, report, should_stop)
    except _BrokenOffError as error:
        raise ModelUnavailableError(f"It could not be downloaded ({error}).", "Try again when you are online.") from error
    except OSError as error:
        raise storage_error(error, target.parent) from error
    finally:
        lock.release()


def check_reachable(file: WeightsFile) -> None:
    """Ask the server for `file`, and read none of it. Takes seconds at most.

    Raises ModelUnavailableError with a clause that says why it cannot be had: "the server does not answer".
    """
    try:
        answer = _ask(file.url, 0, _SHORT_PATIENCE)
    except _BrokenOffError as error:
        raise ModelUnavailableError(str(error)) from error
    if answer:
        answer.close()


def _take(lock: FileLock, part: Path, report: Report, should_stop: ShouldStop) -> None:
    size, since = _size(part), time.monotonic()
    while not lock.take():
        if should_stop():
            raise CancelledError("Cancelled.")
        time.sleep(_POLL)
        if (now := _size(part)) != size:
            size, since = now, time.monotonic()
            report(size, 0)
        elif time.monotonic() - since > 2 * _PATIENCE:
            raise ModelUnavailableError("It is being downloaded already, and does not get on. Try again in a while.")


def _bring(file: WeightsFile, target: Path, report: Report, should_stop: ShouldStop) -> None:
    part = part_of(target)
    try:
        resumed = part.exists()
        _fetch(file, part, report, should_stop)
        if resumed and not _is_good(part, file):
            part.unlink()
            _fetch(file, part, report, should_stop)
        if not _is_good(part, file):
            part.unlink()
            raise ModelUnavailableError("What was downloaded is damaged, and was thrown away. Try again.")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            part.unlink(missing_ok=True)  # a disk left full would stop everything else as well
        raise
    part.replace(target)


def _is_good(part: Path, file: WeightsFile) -> bool:
    return counted(part).startswith(file.sha256)


def _fetch(file: WeightsFile, part: Path, report: Report, should_stop: ShouldStop) -> None:
    """Go on asking for the rest as long as every answer brings some of it."""
    for _ in range(_ATTEMPTS):
        before = _size(part)
        try:
            return _attempt(file, part, report, should_stop)
        except _BrokenOffError:
            if _size(part) <= before:
                raise
    raise _BrokenOffError("the connection breaks off again and again")


def _attempt(file: WeightsFile, part: Path, report: Report, should_stop: ShouldStop) -> None:
    if should_stop():
        raise CancelledError("Cancelled.")
    have = _size(part)
    answer = _ask(file.url, have)
    if answer is None:
        return  # all of it is here; verifying tells
    with answer, part.open("r+b" if have else "wb") as out:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0
        out.seek(have)
        out.truncate()
        expected = int(answer.headers.get("Content-Length") or 0)
        _copy(answer, out, have, have + expected if expected else 0, report, should_stop)
        os.fsync(out.fileno())


def _ask(url: str, have: int, timeout: float = _PATIENCE) -> http.client.HTTPResponse | None:
    """The answer with everything after the first `have` bytes; None when there is nothing after them."""
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
        return urllib.request.urlopen(request, timeout=timeout, context=system_trust())
    except urllib.error.HTTPError as error:
        error.close()
        if have and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return None
        raise _BrokenOffError(f"the server said {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _BrokenOffError(_reason(error)) from error


def _copy(
    answer: http.client.HTTPResponse, out: IO[bytes], have: int, total: int, report: Report, should_stop: ShouldStop
) -> None:
    while chunk := _read(answer):
        if should_stop():
            raise CancelledError("Cancelled.")
        out.write(chunk)
        have += len(chunk)
        report(have, total)
    if have < total:
        raise _BrokenOffError("the connection broke off")


def _read(answer: http.client.HTTPResponse) -> bytes:
    """What has come by now: a slow line shall not hide that the user cancelled."""
    try:
        return answer.read1(_CHUNK)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _BrokenOffError(_reason(error)) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "the server does not answer"
    if isinstance(reason, socket.gaierror) or getattr(reason, "errno", None) in _OFFLINE:
        return "there is no internet connection"
    if isinstance(reason, ConnectionRefusedError):
        return "the server refused the connection"
    if isinstance(reason, ssl.SSLError):
        return "the connection is not secure"
    return "the server's address is not valid" if isinstance(reason, ValueError) else "the connection broke off"
