"""The child's side: a line of JSON comes in, a line of JSON and some bytes go out."""

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

# Seconds that one answer may take, and after which nobody is expected to ask any more.
REQUEST_TIMEOUT_S, IDLE_TIMEOUT_S = 10.0, 60.0
# Bytes that the child may need beside what it has to begin with: a picture of the largest size, twice.
_EXTRA_MEMORY_BYTES = 768 << 20

Response = tuple[Mapping[str, Any], bytes]
"""Fields that JSON can hold, and what it cannot."""


def serve(
    handlers: Mapping[str, Callable[..., Response]],
    request_timeout: float = REQUEST_TIMEOUT_S,
    idle_timeout: float = IDLE_TIMEOUT_S,
) -> None:
    """Answer until standard input ends. `answers` are called with the fields of a request beside "do".

    Nothing is caught: a request that cannot be answered ends the process, as one that takes longer than `limit` does.
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


def reserve_stdout() -> BinaryIO:
    """Standard output. What anybody else prints goes to standard error from now on: libsndfile does, of damaged files."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _write_response(out: BinaryIO, fields: Mapping[str, Any], data: bytes) -> None:
    out.write(json.dumps({**fields, "bytes": len(data)}).encode() + b"\n" + data)
    out.flush()


def _exit_after(seconds: float) -> None:
    """Have this process end then, whatever it does: from a thread in C, which waits for nothing in Python."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def _limit_resources() -> None:
    """Give away what no answer needs: room for gigabytes, and writing to any file."""
    if os.name == "nt":
        return
    import resource

    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        max_bytes = pages * resource.getpagesize() + _EXTRA_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))


def main() -> int:
    """Answer until nobody asks any more. Returns the exit status."""
    end_with_parent()
    serve({"tags": _handle_tags, "picture": _handle_picture})
    return 0


def _handle_tags(path: str) -> Response:
    tags = asdict(read_tags(Path(path)))
    return tags, tags.pop("cover") or b""


def _handle_picture(path: str, side: int) -> Response:
    # Not sooner: FFmpeg doubles the memory of a child that is only asked for tags.
    from desktop.probe.picture import read_picture

    picture = read_picture(Path(path), side)
    return ({"turned": picture.rotation}, picture.pixels) if picture else ({}, b"")
