"""HTTPS connections trust the certificates that this computer trusts."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from desktop.runtime.http import RequestError, open_url

CERTIFICATE = Path(__file__).parents[2] / "helpers" / "localhost.pem"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that hangs up because it does not trust the certificate."""


@pytest.fixture
def address() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_untrusted_certificate_is_refused(address: str) -> None:
    with pytest.raises(RequestError, match="the connection is not secure") as caught:
        open_url(address, timeout_s=20)
    assert "certificate" in str(caught.value.detail)


def test_certificate_that_the_computer_trusts_is_accepted(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with open_url(address, timeout_s=20) as response:
        assert response.status == 204
