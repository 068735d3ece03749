"""A screen that exists in memory alone. Needs Debian's xvfb."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def screen(size: str = "1440x900") -> Generator[str]:
    """The name of its display, `size` in pixels."""
    reading, writing = os.pipe()
    # Without -noreset it begins anew whenever its last client has gone, and drops whoever comes at that moment.
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-ac", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            yield f":{said.readline().strip()}"
    finally:
        server.terminate()
        server.wait()
