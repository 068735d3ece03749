"""Connections trust whom this computer trusts."""

import ssl
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import URLError

import pytest

from desktop.runtime.tls import system_ssl_context

CERTIFICATE = Path(__file__).parents[1] / "helpers" / "localhost.pem"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us hangs up."""


@pytest.fixture
def address() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_certificate_that_nobody_vouches_for_is_refused(address: str) -> None:
    with pytest.raises(URLError, match="certificate"):
        urllib.request.urlopen(address, context=system_ssl_context())


def test_a_certificate_that_the_computer_trusts_is_believed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with urllib.request.urlopen(address, context=system_ssl_context()) as answer:
        assert answer.status == 204
