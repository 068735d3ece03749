"""The end of a log, as much of it as one reads."""

from pathlib import Path

_MAX_BYTES = 64 << 10
_MAX_LINES = 200


def read_log_tail(path: Path, marker: str = "") -> str:
    """Return the last lines of a log: from the last one on that first names `about`, where it is named at all."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _MAX_BYTES))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return "There is no log yet."
    matching_lines = [number for number, line in enumerate(lines) if marker and marker in line]
    return "\n".join(lines[matching_lines[0] if matching_lines else 0 :][-_MAX_LINES:]) or "The log is empty."
