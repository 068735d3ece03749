"""Download of a small file over HTTPS with limits on size and time."""

import http.client
import time

from desktop.errors import UpdateError
from desktop.runtime.http import RequestError, UnsafeUrlError, open_url, read_chunks
from desktop.text.message import Message

# Maximum seconds without a byte, and for the whole file.
READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 30.0
MAX_BYTES = 1 << 16
"""Maximum size of a file in bytes."""


def fetch(url: str, read_timeout_s: float = READ_TIMEOUT_S, total_timeout_s: float = TOTAL_TIMEOUT_S) -> bytes:
    """Return the content of an https URL (or an http URL on this computer), at most `MAX_BYTES` bytes.

    The request contains no information except the user agent "Unbraid". `read_timeout_s` limits the seconds without a
    byte, `total_timeout_s` the seconds in total. Raises UpdateError if the URL is not allowed or cannot be read.
    """
    deadline = time.monotonic() + total_timeout_s
    try:
        with open_url(url, timeout_s=read_timeout_s, only_https=True) as response:
            return _read_response(response, url, deadline)
    except UnsafeUrlError as error:
        raise UpdateError(error.problem) from error
    except RequestError as error:
        raise UpdateError(Message("{url} could not be read: {detail}.", url=url, detail=error.detail)) from error


def _read_response(response: http.client.HTTPResponse, url: str, deadline: float) -> bytes:
    data = b""
    for chunk in read_chunks(response, MAX_BYTES):
        data += chunk
        if len(data) > MAX_BYTES:
            raise UpdateError(
                Message(
                    "{url} is larger than {max_bytes} bytes and was not read completely.", url=url, max_bytes=MAX_BYTES
                )
            )
        if time.monotonic() > deadline:
            raise UpdateError(Message("{url} arrives too slowly and was not read completely.", url=url))
    return data
