"""What the app asks of the one child that its process has."""

import atexit
from functools import cache
from pathlib import Path

from desktop.audio.tags import Tags
from desktop.probe.client import Probe
from desktop.program import own_command, own_environment

_OF_A_LIBRARY = ("UNBRAID_", "REDIS_")


def read_tags(path: Path) -> Tags:
    """The tags of a track; empty ones when they are missing, damaged, or too much for the process that read them."""
    answer = probe().ask("tags", path=str(path))
    return Tags(**answer[0], cover=answer[1] or None) if answer else Tags()


def read_picture(path: Path, side: int) -> tuple[bytes, int] | None:
    """The middle square of a picture, and how many degrees counter-clockwise it is to be turned; None without one.

    `side` pixels wide, four bytes each: red, green, blue and alpha.
    """
    answer = probe().ask("picture", path=str(path), side=side)
    return (answer[1], answer[0]["turned"]) if answer and answer[1] else None


@cache
def probe() -> Probe:
    """The child of this process."""
    # It is nobody's but this process's: it need know neither a library nor a password.
    environment = {name: value for name, value in own_environment().items() if not name.startswith(_OF_A_LIBRARY)}
    made = Probe(own_command("probe"), environment)
    atexit.register(made.close)
    return made
