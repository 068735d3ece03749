"""Child processes for untrusted files, which a crashing decoder may end: they write lines of JSON to their parent.

A line is a pair of kind and value, such as `["progress", 0.5]`.
"""

import json
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from desktop.runtime.processes import (
    assign_to_job_object,
    end_with_parent_options,
    own_command,
    own_environment,
)
from desktop.runtime.streams import reserve_stdout


@contextmanager
def running_child(*arguments: str) -> Generator["subprocess.Popen[bytes]"]:
    """Run this program with `arguments`, and yield the process; kill it at the end, also after Ctrl-C."""
    child = subprocess.Popen(
        own_command(*arguments),
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **end_with_parent_options(),
    )
    assign_to_job_object(child)
    with child:
        try:
            yield child
        finally:
            child.kill()


def read_messages(child: "subprocess.Popen[bytes]") -> Iterator[tuple[str, Any]]:
    """Yield kind and value of each message of a child, until it ends."""
    assert child.stdout is not None
    for line in child.stdout:
        try:
            kind, value = json.loads(line)
        except ValueError:  # the child died while it wrote
            return
        yield kind, value


def message_writer() -> Callable[[str, object], None]:
    """Return a function that writes kind and value of a message to the parent. Call this in the child, once."""
    out = reserve_stdout()

    def write(kind: str, value: object) -> None:
        out.write(json.dumps([kind, value]).encode() + b"\n")
        out.flush()

    return write
