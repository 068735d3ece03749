"""A screen that exists in memory alone. Needs Debian's xvfb."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def virtual_display(size: str = "1440x900") -> Generator[str]:
    """The name of its display, `size` in pixels."""
    read_fd, write_fd = os.pipe()
    # Without -noreset it begins anew whenever its last client has gone, and drops whoever comes at that moment.
    words = ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-ac", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[write_fd], stderr=subprocess.DEVNULL)
    os.close(write_fd)
    try:
        with os.fdopen(read_fd) as said:
            yield f":{said.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
