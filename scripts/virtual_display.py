"""Virtual X display in memory. Requires Debian's xvfb."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def virtual_display(size: str = "1440x900") -> Generator[str]:
    """Run a virtual display of `size` pixels and yield its name, such as ":1"."""
    read_fd, write_fd = os.pipe()
    # Without -noreset the server restarts when its last client disconnects, and drops clients that connect at that time.
    command = ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-ac", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write_fd], stderr=subprocess.DEVNULL)
    os.close(write_fd)
    try:
        with os.fdopen(read_fd) as display_number:
            yield f":{display_number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
