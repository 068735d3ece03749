"""The program that runs here, started again with other words: its children."""

import os
import sys
from pathlib import Path


def own_command(*words: str) -> list[str]:
    """The argument list that starts this very program with other words, packaged or not."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop"]
    return [*start, *words]


def own_environment() -> dict[str, str]:
    """Our environment, and the way to our code from any folder."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return dict(os.environ) | {"PYTHONPATH": path}
