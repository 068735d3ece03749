"""Download of a small file over HTTPS with limits on size and time."""

import http.client
import time
import urllib.request
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit

from desktop.errors import UpdateError
from desktop.runtime.tls import system_ssl_context

# Maximum seconds without a byte, and for the whole file.
READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 30.0
MAX_BYTES = 1 << 16
"""Maximum size of a file in bytes."""
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_MAX_REDIRECTS = 3


class _HttpsRedirectHandler(urllib.request.HTTPRedirectHandler):
    """Redirect handler that follows redirects only to https URLs."""

    max_redirections = _MAX_REDIRECTS

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
            raise UpdateError(
                f"{req.full_url} redirects to {newurl}, which is not https. The redirect was not followed."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str, read_timeout_s: float = READ_TIMEOUT_S, total_timeout_s: float = TOTAL_TIMEOUT_S) -> bytes:
    """Return the content of an https URL (or an http URL on this computer), at most `MAX_BYTES` bytes.

    The request contains no information except the user agent "Unbraid". `read_timeout_s` limits the seconds without a
    byte, `total_timeout_s` the seconds in total. Raises UpdateError if the URL is not allowed or cannot be read.
    """
    _check_url(url)
    deadline = time.monotonic() + total_timeout_s
    # urllib's default user agent reveals the Python version.
    request = urllib.request.Request(url, headers={"User-Agent": "Unbraid"})
    try:
        opener = urllib.request.build_opener(
            _HttpsRedirectHandler, urllib.request.HTTPSHandler(context=system_ssl_context())
        )
        with opener.open(request, timeout=read_timeout_s) as response:
            return _read_response(response, url, deadline)
    except HTTPError as error:
        error.close()
        raise UpdateError(f"{url} could not be read: the server answered with error {error.code}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UpdateError(f"{url} could not be read: {getattr(error, 'reason', error)}.") from error


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UpdateError(f"{url} is not a valid address.") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS):
        raise UpdateError(f"{url} is not an https address and was not read.")


def _read_response(response: http.client.HTTPResponse, url: str, deadline: float) -> bytes:
    data = b""
    while chunk := response.read1(MAX_BYTES):
        data += chunk
        if len(data) > MAX_BYTES:
            raise UpdateError(f"{url} is larger than {MAX_BYTES} bytes and was not read completely.")
        if time.monotonic() > deadline:
            raise UpdateError(f"{url} arrives too slowly and was not read completely.")
    return data
