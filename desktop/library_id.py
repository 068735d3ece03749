"""The identity of a library: the same for every machine that shares its folder, wherever that is mounted."""

import os
import re
import secrets
from contextlib import suppress
from functools import cache
from time import sleep

from desktop.paths import Home

# 48 random bits: short in the names of queues, and no two of a few million libraries have the same.
_BYTES = 6
_PATTERN = re.compile(f"[0-9a-f]{{{2 * _BYTES}}}")
# Another process may have made the file a moment ago and be about to write it: how often, and how many seconds apart,
# it is read again before it counts as damaged.
_TRIES, _INTERVAL_S = 20, 0.05


@cache
def library_id(home: Home) -> str:
    """Return the id in the library's folder; make one if there is none. Raises OSError."""
    for _ in range(_TRIES):
        with suppress(FileExistsError):
            _write_new(home)
        if _PATTERN.fullmatch(known := home.id_file.read_text(encoding="ascii", errors="replace").strip()):
            return known
        sleep(_INTERVAL_S)
    home.id_file.unlink()
    _write_new(home)
    return library_id(home)


def _write_new(home: Home) -> None:
    """Raises FileExistsError if there is one: of many processes that begin at once, one makes it."""
    descriptor = os.open(home.id_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_BYTES))
