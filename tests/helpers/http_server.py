"""A local HTTP server whose behaviour can be changed: cut bodies, errors, redirects, missing headers."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass
class FileServer:
    """Serves `files` by name on a free port. Use as a context manager; attributes may change while it runs."""

    files: dict[str, bytes] = field(default_factory=dict)
    supports_ranges: bool = True
    """Answer Range requests with the requested part, not with the whole file."""
    cut_after_bytes: int | None = None
    """Number of body bytes after which every connection is cut."""
    forced_status: int | None = None
    """Answer every request with this HTTP status."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Target URL of each redirected name."""
    sends_length: bool = True
    """Send a Content-Length header."""
    content_type: str | None = None
    """Content-Type of every response; None sends no such header."""
    before_chunk: Callable[[int], None] = lambda _: None
    """Called before each chunk of a body, with the number of bytes sent so far."""
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of every request."""
    request_headers: list[dict[str, str]] = field(default_factory=list)
    """All headers of every request."""

    def __enter__(self) -> Self:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._respond(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def _respond(self, request: BaseHTTPRequestHandler) -> None:
        range_header = request.headers.get("Range")
        self.requests.append((request.path, range_header))
        self.request_headers.append(dict(request.headers.items()))
        name = request.path.strip("/")
        if name in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[name])
            request.end_headers()
            return
        body = self.files.get(name)
        if self.forced_status or body is None:
            request.send_error(self.forced_status or 404)
            return
        start = 0
        if self.supports_ranges and range_header and (match := re.fullmatch(r"bytes=(\d+)-", range_header)):
            start = int(match.group(1))
            if start >= len(body):
                request.send_error(416)
                return
        request.send_response(206 if start else 200)
        if self.content_type:
            request.send_header("Content-Type", self.content_type)
        if self.sends_length:
            request.send_header("Content-Length", str(len(body) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.end_headers()
        self._send(request, body[start:])

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, chunk_size: int = 1 << 16) -> None:
        limit = len(body) if self.cut_after_bytes is None else min(self.cut_after_bytes, len(body))
        try:
            for sent in range(0, limit, chunk_size):
                self.before_chunk(sent)
                request.wfile.write(body[sent : min(sent + chunk_size, limit)])
        except ConnectionError:
            pass  # the client closed the connection
        request.close_connection = True
