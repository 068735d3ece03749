"""Fetching a small file from a real server, well-behaved or not."""

import threading
from collections.abc import Generator

import pytest

from desktop.errors import UpdateError
from desktop.updates.fetch import MAX_BYTES, fetch
from tests.helpers.http_server import FileServer


@pytest.fixture
def server() -> Generator[FileServer]:
    with FileServer({"file": b"content"}) as running:
        yield running


def test_file_is_returned_unchanged(server: FileServer) -> None:
    server.files["file"] = bytes(range(256)) * (MAX_BYTES // 256)
    assert fetch(f"{server.url}/file") == server.files["file"]


def test_request_headers_reveal_nothing_but_the_name_of_the_app(server: FileServer) -> None:
    fetch(f"{server.url}/file")
    (headers,) = server.request_headers
    assert headers.pop("Host") in server.url
    assert headers == {"User-Agent": "Unbraid", "Accept-Encoding": "identity", "Connection": "close"}


@pytest.mark.parametrize("sends_length", [True, False])
def test_download_of_a_huge_file_is_aborted_early(server: FileServer, sends_length: bool) -> None:
    sent = 0

    def count(so_far: int) -> None:
        nonlocal sent
        sent = so_far

    server.files["file"], server.sends_length, server.before_chunk = bytes(200_000_000), sends_length, count
    with pytest.raises(UpdateError, match="larger than 65536 bytes"):
        fetch(f"{server.url}/file")
    assert sent < 50_000_000


@pytest.mark.parametrize("after", [0, 65536])
def test_silent_server_times_out(server: FileServer, after: int) -> None:
    done = threading.Event()

    def fall_silent(sent: int) -> None:
        if sent >= after:
            done.wait(60)

    server.files["file"], server.before_chunk = bytes(MAX_BYTES + 1), fall_silent
    try:
        with pytest.raises(UpdateError, match=r"could not be read: .*timed out"):
            fetch(f"{server.url}/file", read_timeout_s=0.2)
    finally:
        done.set()


def test_slow_download_times_out(server: FileServer) -> None:
    with pytest.raises(UpdateError, match="too slowly"):
        fetch(f"{server.url}/file", total_timeout_s=0)


def test_redirect_to_http_is_not_followed(server: FileServer) -> None:
    for address in (f"{server.url}/file", "http://example.org/file", "//127.0.0.1/file", "/file"):
        server.redirects["old"] = address
        with pytest.raises(UpdateError, match=r"is not https\. The redirect was not followed"):
            fetch(f"{server.url}/old")
    assert {path for path, _ in server.requests} == {"/old"}


def test_redirect_to_a_file_or_to_ftp_is_not_followed(server: FileServer) -> None:
    for address in ("file:///etc/passwd", "ftp://127.0.0.1/file"):
        server.redirects["old"] = address
        with pytest.raises(UpdateError):
            fetch(f"{server.url}/old")


def test_redirect_to_https_is_followed(server: FileServer) -> None:
    # The server does not speak https: the TLS error shows that the redirect was followed.
    server.redirects["old"] = f"https://127.0.0.1:{server.url.rpartition(':')[2]}/file"
    with pytest.raises(UpdateError, match=r"could not be read: \[SSL"):
        fetch(f"{server.url}/old")


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "", "x", "http://[::1/x", "http://"]
)
def test_url_that_is_neither_https_nor_local_is_refused(url: str) -> None:
    with pytest.raises(UpdateError, match=r"is not an https address|not a valid address"):
        fetch(url)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_error_status_of_the_server_is_reported(server: FileServer, status: int) -> None:
    server.forced_status = status
    with pytest.raises(UpdateError, match=f"the server answered with error {status}"):
        fetch(f"{server.url}/file")


def test_refused_connection_is_reported() -> None:
    with FileServer() as server:
        url = server.url
    with pytest.raises(UpdateError, match="Connection refused"):
        fetch(f"{url}/file")
