"""HTTP client: requests with this computer's certificates and proxies, and errors in words for the user."""

import errno
import http.client
import socket
import ssl
import urllib.request
from collections.abc import Generator
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit

from desktop.text.message import Message, verbatim

# urllib's default user agent reveals the Python version.
_HEADERS = {"User-Agent": "Unbraid"}
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_MAX_HTTPS_REDIRECTS = 3
_OFFLINE_ERRNOS = (errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN)
# The errors of urllib for a request, apart from HTTPError, and of http.client for a response.
_FAILURES = (OSError, http.client.HTTPException, ValueError)


class RequestError(Exception):
    """A request failed."""

    def __init__(self, reason: Message, detail: str = "", status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        """A clause for the user: "the server does not answer"."""
        self.detail = verbatim(detail) if detail else reason
        """The reason in the system's words."""
        self.status = status
        """HTTP status of the response; None if there was none, or if it broke off."""


class UnsafeUrlError(Exception):
    """The URL, or one that it redirects to, is not https."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem
        """A sentence for the user."""


def open_url(url: str, *, timeout_s: float, offset: int = 0, only_https: bool = False) -> http.client.HTTPResponse:
    """Return the response with the content of `url` from byte `offset` on; the caller closes it.

    `timeout_s` limits the seconds without a byte. The server may ignore `offset`: then the status of the response is
    not 206. If `only_https`, refuse other URLs and redirects to them, except a first http URL on this computer.
    Raises RequestError, UnsafeUrlError.
    """
    if only_https:
        _check_is_https(url)
    redirect_handler = _HttpsRedirectHandler if only_https else urllib.request.HTTPRedirectHandler
    range_header = {"Range": f"bytes={offset}-"} if offset else {}
    try:
        opener = urllib.request.build_opener(
            redirect_handler, urllib.request.HTTPSHandler(context=_system_ssl_context())
        )
        return opener.open(urllib.request.Request(url, headers=_HEADERS | range_header), timeout=timeout_s)
    except HTTPError as error:
        error.close()
        raise RequestError(
            Message("the server answered with error {code}", code=error.code), status=error.code
        ) from error
    except _FAILURES as error:
        raise _request_error(error) from error


def read_chunks(response: http.client.HTTPResponse, max_bytes: int) -> Generator[bytes]:
    """Yield the content as it arrives, at most `max_bytes` bytes at once. Raises RequestError.

    Does not wait for a full chunk, so that the caller can cancel on slow lines.
    """
    while True:
        try:
            chunk = response.read1(max_bytes)
        except _FAILURES as error:
            raise _request_error(error) from error
        if not chunk:
            return
        yield chunk


class _HttpsRedirectHandler(urllib.request.HTTPRedirectHandler):
    """Redirect handler that follows redirects only to https URLs."""

    max_redirections = _MAX_HTTPS_REDIRECTS

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
            raise UnsafeUrlError(
                Message(
                    "{url} redirects to {target}, which is not https. The redirect was not followed.",
                    url=req.full_url,
                    target=newurl,
                )
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_is_https(url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UnsafeUrlError(Message("{url} is not a valid address.", url=url)) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS):
        raise UnsafeUrlError(Message("{url} is not an https address and was not read.", url=url))


def _system_ssl_context() -> ssl.SSLContext:
    """Return an SSL context that uses the system's certificate store.

    The OpenSSL in the packaged app would look for certificates in the folders of the build machine.
    """
    import truststore  # imported late: it takes 0.2 s, and few starts open a connection

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _request_error(error: Exception) -> RequestError:
    reason = getattr(error, "reason", error)
    return RequestError(_describe_failure(reason), str(reason))


def _describe_failure(reason: object) -> Message:
    if isinstance(reason, TimeoutError):
        return Message("the server does not answer")
    if isinstance(reason, socket.gaierror) or getattr(reason, "errno", None) in _OFFLINE_ERRNOS:
        return Message("there is no internet connection")
    if isinstance(reason, ConnectionRefusedError):
        return Message("the server refused the connection")
    if isinstance(reason, ssl.SSLError):
        return Message("the connection is not secure")
    if isinstance(reason, ValueError):
        return Message("the server's address is not valid")
    return Message("the connection was lost")
