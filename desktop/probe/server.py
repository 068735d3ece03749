"""Server of the probe, in the child process.

Protocol: each request is one line of JSON; each response is one line of JSON followed by raw bytes.
"""

import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from desktop.audio.tags import read_tags
from desktop.runtime.processes import end_with_parent
from desktop.runtime.streams import reserve_stdout

# Seconds for one request, and seconds without a request after which the process exits.
REQUEST_TIMEOUT_S, IDLE_TIMEOUT_S = 10.0, 60.0
# Bytes that the child may allocate in addition to its size at start: a picture of the largest size, twice.
_EXTRA_MEMORY_BYTES = 768 << 20

Response = tuple[Mapping[str, Any], bytes]
"""JSON fields and raw bytes of a response."""


def serve(
    handlers: Mapping[str, Callable[..., Response]],
    request_timeout: float = REQUEST_TIMEOUT_S,
    idle_timeout: float = IDLE_TIMEOUT_S,
) -> None:
    """Respond to requests until standard input ends or `idle_timeout` seconds pass without a request.

    A request's "do" field selects the handler; its other fields are the keyword arguments. An exception in a handler
    ends the process, and so does a request that takes longer than `request_timeout` seconds.
    """
    sys.dont_write_bytecode = True
    faulthandler.enable()
    requests, out = sys.stdin.buffer, reserve_stdout()
    _limit_resources()
    while True:
        _exit_after(idle_timeout)
        line = requests.readline()
        if not line:
            return
        _exit_after(request_timeout)
        request = json.loads(line)
        _write_response(out, *handlers[request.pop("do")](**request))


def main() -> int:
    """Run the probe's server and return the exit status."""
    end_with_parent()
    serve({"tags": _handle_tags, "picture": _handle_picture})
    return 0


def _write_response(out: BinaryIO, fields: Mapping[str, Any], data: bytes) -> None:
    out.write(json.dumps({**fields, "bytes": len(data)}).encode() + b"\n" + data)
    out.flush()


def _exit_after(seconds: float) -> None:
    """Exit this process after `seconds`, from a C thread that does not need the interpreter lock.

    Each call replaces the previous timeout.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)


def _limit_resources() -> None:
    """Limit memory and forbid writing files and core dumps; on Windows do nothing."""
    if os.name == "nt":
        return
    import resource

    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        max_bytes = pages * resource.getpagesize() + _EXTRA_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def _handle_tags(path: str) -> Response:
    tags = asdict(read_tags(Path(path)))
    return tags, tags.pop("cover") or b""


def _handle_picture(path: str, side: int) -> Response:
    # Imported only here: FFmpeg doubles the memory of a child that only reads tags.
    from desktop.probe.picture import read_picture

    picture = read_picture(Path(path), side)
    return ({"turned": picture.rotation}, picture.pixels) if picture else ({}, b"")
