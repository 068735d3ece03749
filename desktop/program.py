"""How this very program is started once more, with other words."""

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

# How Celery's process pool and Python's start what counts their semaphores: code, which a packaged app is not for.
_TRACKER = re.compile(r"from (billiard\.semaphore_tracker|multiprocessing\.resource_tracker) import main;main\((\d+)\)")


def own_command(*words: str) -> list[str]:
    """The argument list that starts it with other words, packaged or not."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *words]
    # A child ignores the variables of Python's, and the packages of the user's, if this process does.
    isolated = ["-I"] if sys.flags.isolated else []
    return [sys.executable, *isolated, "-m", "desktop", *words]


def own_environment() -> dict[str, str]:
    """Our environment, and the way to our code from any folder."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return dict(os.environ) | {"PYTHONPATH": path}


def serve_pools(words: Sequence[str]) -> bool:
    """In the packaged app, which is its own Python: be the process that a pool of Celery's or Python's starts with `words`.

    False, at once, when they are nobody's but ours.
    """
    if not getattr(sys, "frozen", False) or not words:
        return False
    if words[0] == "--billiard-fork":
        from billiard.spawn import freeze_support

        freeze_support()
        return True
    tracker = _TRACKER.fullmatch(words[-1]) if words[-2:-1] == ["-c"] else None
    if tracker is None:
        return False
    import_module(tracker[1]).main(int(tracker[2]))
    return True
