"""Resumable download of one weights file over HTTP, verified before it is moved into place."""

import errno
import http.client
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from desktop.errors import CancelledError, ModelUnavailableError
from desktop.models.catalogue import WeightsFile
from desktop.models.digest import compute_sha256, matches_sha256
from desktop.models.storage import partial_path, storage_error
from desktop.runtime.file_lock import FileLock
from desktop.runtime.http import RequestError, open_url, read_chunks
from desktop.text.message import Message

ReportBytes = Callable[[int, int], None]
ShouldStop = Callable[[], bool]

_CHUNK_BYTES = 1 << 18
# Seconds without a new byte, from the server or in a file that another process downloads.
_STALL_TIMEOUT_S = 20.0
# Seconds for the server to answer while the user waits for the reachability check.
_REACHABILITY_TIMEOUT_S = 5.0
_POLL_INTERVAL_S = 0.2
_MAX_ATTEMPTS = 8


def download(file: WeightsFile, target: Path, report: ReportBytes, should_stop: ShouldStop) -> None:
    """Download `file` to `target`; call `report` with received and total bytes (0 while the total is unknown).

    Received bytes stay in `<target>.part` if the download fails, and the next call resumes there. If another process
    downloads the same file, wait for it. Raises ModelUnavailableError if the download fails, StorageError if the file
    cannot be written, CancelledError if `should_stop` returns True.
    """
    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        _acquire_lock(lock, partial_path(target), report, should_stop)
        if not matches_sha256(target, file.sha256_prefix):
            _download_verified(file, target, report, should_stop)
    except RequestError as error:
        raise ModelUnavailableError(
            Message("It could not be downloaded ({reason}).", reason=error.reason),
            Message("Try again when you are online."),
        ) from error
    except OSError as error:
        raise storage_error(error, target.parent) from error
    finally:
        lock.release()


def check_reachable(file: WeightsFile) -> None:
    """Request `file` from the server without reading it. Takes a few seconds at most.

    Raises ModelUnavailableError if the request fails; its message is a clause such as "the server does not answer".
    """
    try:
        open_url(file.url, timeout_s=_REACHABILITY_TIMEOUT_S).close()
    except RequestError as error:
        raise ModelUnavailableError(error.reason) from error


def _acquire_lock(lock: FileLock, part: Path, report: ReportBytes, should_stop: ShouldStop) -> None:
    size, last_growth = _file_bytes(part), time.monotonic()
    while not lock.acquire():
        if should_stop():
            raise CancelledError(Message("Cancelled."))
        time.sleep(_POLL_INTERVAL_S)
        if (now := _file_bytes(part)) != size:
            size, last_growth = now, time.monotonic()
            report(size, 0)
        elif time.monotonic() - last_growth > 2 * _STALL_TIMEOUT_S:
            raise ModelUnavailableError(
                Message("Another download of it is running but makes no progress. Try again later.")
            )


def _download_verified(file: WeightsFile, target: Path, report: ReportBytes, should_stop: ShouldStop) -> None:
    part = partial_path(target)
    try:
        was_resumed = part.exists()
        _fetch_with_retries(file, part, report, should_stop)
        if was_resumed and not _is_intact(part, file):
            part.unlink()
            _fetch_with_retries(file, part, report, should_stop)
        if not _is_intact(part, file):
            part.unlink()
            raise ModelUnavailableError(Message("The downloaded file was damaged and has been deleted. Try again."))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            part.unlink(missing_ok=True)  # a full disk would stop everything else as well
        raise
    part.replace(target)


def _is_intact(part: Path, file: WeightsFile) -> bool:
    return compute_sha256(part).startswith(file.sha256_prefix)


def _fetch_with_retries(file: WeightsFile, part: Path, report: ReportBytes, should_stop: ShouldStop) -> None:
    """Request the remaining bytes again after a failure, as long as each request receives some of them."""
    for _ in range(_MAX_ATTEMPTS):
        before = _file_bytes(part)
        try:
            return _fetch_once(file, part, report, should_stop)
        except RequestError:
            if _file_bytes(part) <= before:
                raise
    raise RequestError(Message("the connection keeps failing"))


def _fetch_once(file: WeightsFile, part: Path, report: ReportBytes, should_stop: ShouldStop) -> None:
    if should_stop():
        raise CancelledError(Message("Cancelled."))
    offset = _file_bytes(part)
    response = _open_response(file.url, offset)
    if response is None:
        return  # the file is complete; the caller verifies it
    with response, part.open("r+b" if offset else "wb") as out:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            offset = 0
        out.seek(offset)
        out.truncate()
        expected = int(response.headers.get("Content-Length") or 0)
        _copy_body(response, out, offset, offset + expected if expected else 0, report, should_stop)
        os.fsync(out.fileno())


def _open_response(url: str, offset: int) -> http.client.HTTPResponse | None:
    """Return a response with the content from byte `offset` on; None if the file has no more bytes.

    Raises RequestError.
    """
    try:
        return open_url(url, timeout_s=_STALL_TIMEOUT_S, offset=offset)
    except RequestError as error:
        if offset and error.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return None
        raise


def _copy_body(
    response: http.client.HTTPResponse,
    out: IO[bytes],
    received: int,
    total: int,
    report: ReportBytes,
    should_stop: ShouldStop,
) -> None:
    for chunk in read_chunks(response, _CHUNK_BYTES):
        if should_stop():
            raise CancelledError(Message("Cancelled."))
        out.write(chunk)
        received += len(chunk)
        report(received, total)
    if received < total:
        raise RequestError(Message("the connection was lost"))


def _file_bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
