"""The child's side: a line of JSON comes in, a line of JSON and some bytes go out."""

import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

# Seconds that one answer may take, and after which nobody is expected to ask any more.
LIMIT, IDLE = 10.0, 60.0
# Bytes that the child may need beside what it has to begin with: a picture of the largest size, twice.
_MEMORY = 768 << 20

Answer = tuple[Mapping[str, Any], bytes]
"""Fields that JSON can hold, and what it cannot."""


def serve(answers: Mapping[str, Callable[..., Answer]], limit: float = LIMIT, idle: float = IDLE) -> None:
    """Answer until standard input ends. `answers` are called with the fields of a request beside "do".

    Nothing is caught: a request that cannot be answered ends the process, as one that takes longer than `limit` does.
    """
    sys.dont_write_bytecode = True
    faulthandler.enable()
    asked, out = sys.stdin.buffer, for_answers_alone()
    _restrict()
    while True:
        _end_in(idle)
        line = asked.readline()
        if not line:
            return
        _end_in(limit)
        request = json.loads(line)
        _send(out, *answers[request.pop("do")](**request))


def for_answers_alone() -> BinaryIO:
    """Standard output. What anybody else prints goes to standard error from now on: libsndfile does, of damaged files."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _send(out: BinaryIO, fields: Mapping[str, Any], data: bytes) -> None:
    out.write(json.dumps({**fields, "bytes": len(data)}).encode() + b"\n" + data)
    out.flush()


def _end_in(seconds: float) -> None:
    """Have this process end then, whatever it does: from a thread in C, which waits for nothing in Python."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def _restrict() -> None:
    """Give away what no answer needs: room for gigabytes, and writing to any file."""
    if os.name == "nt":
        return
    import resource

    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(what, (0, 0))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
