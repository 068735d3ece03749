"""An external Redis on a port."""

import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from desktop.supervisor.redis_server import find_binary


@contextmanager
def redis_on_free_port(folder: Path, *options: str) -> Generator[dict[str, str]]:
    """Run a Redis with the working directory `folder`, and yield the REDIS_* variables that select it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [find_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if b"ready to accept" in line.lower():
                    break
            yield {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port)}
        finally:
            process.kill()
