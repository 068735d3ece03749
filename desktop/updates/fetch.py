"""A small file over HTTPS, bounded in size and time."""

import http.client
import time
import urllib.request
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit

from desktop.errors import UpdateError
from desktop.tls import system_trust

# Seconds without a byte, and for a whole file.
PATIENCE = 10.0
DEADLINE = 30.0
MOST = 1 << 16
"""Bytes of a file."""
_HERE = ("localhost", "127.0.0.1", "::1")
_REDIRECTS = 3


class _OnlyToHttps(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to nowhere but https, whatever it came from."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            fp.close()
            raise UpdateError(f"{req.full_url} leads on to {newurl}, which is not https, and was not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, patience: float = PATIENCE, deadline: float = DEADLINE) -> bytes:
    """The bytes at `url`: https, or http on this computer. The request says nothing but that it is Unbraid's.

    `patience`: seconds without a byte; `deadline`: seconds in all. Raises UpdateError.
    """
    _allow(url)
    until = time.monotonic() + deadline
    # Else urllib tells which Python this is.
    request = urllib.request.Request(url, headers={"User-Agent": "Unbraid"})
    try:
        opener = urllib.request.build_opener(_OnlyToHttps, urllib.request.HTTPSHandler(context=system_trust()))
        with opener.open(request, timeout=patience) as answer:
            return _read(answer, url, until)
    except HTTPError as error:
        error.close()
        raise UpdateError(f"{url} could not be read: the server said {error.code}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UpdateError(f"{url} could not be read: {getattr(error, 'reason', error)}.") from error


def _allow(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UpdateError(f"{url} is no address.") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise UpdateError(f"{url} is not https, and was not asked.")


def _read(answer: http.client.HTTPResponse, url: str, until: float) -> bytes:
    data = b""
    while piece := answer.read1(MOST):
        data += piece
        if len(data) > MOST:
            raise UpdateError(f"{url} is larger than {MOST} bytes, and was not read to its end.")
        if time.monotonic() > until:
            raise UpdateError(f"{url} comes too slowly, and was not read to its end.")
    return data
