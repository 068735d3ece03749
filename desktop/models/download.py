"""One file over HTTP: resumed where it broke off, verified before it counts."""

import errno
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop.errors import CancelledError, ModelUnavailableError, StorageError
from desktop.lock import FileLock
from desktop.models.catalogue import WeightsFile

_CHUNK = 1 << 18
# Seconds without a byte.
_PATIENCE = 20.0
_NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ValueError)


def download(
    file: WeightsFile, target: Path, report: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> None:
    """Bring `file` to `target`. `report` gets the bytes that are here and all there are (0 while unknown).

    What has come is kept in `target.part`, also when it breaks off. Raises ModelUnavailableError, StorageError,
    CancelledError.
    """
    part = target.with_name(target.name + ".part")
    lock = FileLock(target.with_name(target.name + ".lock"))
    if not lock.take():
        raise ModelUnavailableError("It is being downloaded already. Try again in a while.")
    try:
        _fetch(file, part, report, should_stop)
        _verify(file, part)
        part.replace(target)
    except _NETWORK_ERRORS as error:
        raise ModelUnavailableError(f"It could not be downloaded ({_reason(error)}). Is there a connection?") from error
    except OSError as error:
        raise StorageError(f"The model could not be stored: {error.strerror}. Make room on the disk.") from error
    finally:
        lock.release()


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(
    file: WeightsFile, part: Path, report: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=_PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        return  # all of it is here; verifying tells
    with answer, part.open("r+b" if have else "wb") as out:
        if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0
        out.seek(have)
        out.truncate()
        expected = int(answer.headers.get("Content-Length") or 0)
        _copy(answer, out, have, have + expected if expected else 0, report, should_stop)
        os.fsync(out.fileno())


def _copy(
    answer: IO[bytes],
    out: IO[bytes],
    have: int,
    total: int,
    report: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> None:
    while chunk := answer.read(_CHUNK):
        if should_stop():
            raise CancelledError("Cancelled.")
        out.write(chunk)
        have += len(chunk)
        report(have, total)
    if total and have < total:
        raise ConnectionError("the connection broke off")


def _verify(file: WeightsFile, part: Path) -> None:
    if not part.exists() or not sha256(part).startswith(file.sha256):
        part.unlink(missing_ok=True)
        raise ModelUnavailableError("What was downloaded is damaged, and was thrown away. Try again.")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server said {error.code}"
    reason = getattr(error, "reason", error)
    if isinstance(reason, OSError) and reason.errno == errno.ENOENT:
        return "there is no such file"
    return str(getattr(reason, "strerror", None) or reason).rstrip(".")
