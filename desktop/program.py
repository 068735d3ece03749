"""How this very program is started once more, with other words."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

# How Celery's process pool starts what counts its semaphores: Python code as an argument, which a packaged app is not for.
_TRACKER = re.compile(r"from billiard\.semaphore_tracker import main;main\((\d+)\)")


def own_command(*words: str) -> list[str]:
    """The argument list that starts it with other words, packaged or not."""
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop"]
    return [*start, *words]


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
    if words[-2:-1] == ["-c"] or words[0] == "--multiprocessing-fork":
        return _counts_semaphores(words[-1]) or _serves_python()
    return False


def _counts_semaphores(code: str) -> bool:
    tracker = _TRACKER.fullmatch(code)
    if tracker is None:
        return False
    from billiard.semaphore_tracker import main  # pyright: ignore[reportAttributeAccessIssue]

    main(int(tracker[1]))
    return True


def _serves_python() -> bool:
    """Python's own ends the process where it is meant. Not imported for anybody else: it takes 30 ms."""
    from multiprocessing import freeze_support

    freeze_support()
    return False
