"""The end of a log, as much of it as one reads."""

from pathlib import Path

_BYTES = 64 << 10
_LINES = 200


def log_tail(path: Path, about: str = "") -> str:
    """Return the last lines of a log: from the last one on that first names `about`, where it is named at all."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _BYTES))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return "There is no log yet."
    named = [number for number, line in enumerate(lines) if about and about in line]
    return "\n".join(lines[named[0] if named else 0 :][-_LINES:]) or "The log is empty."
