"""Tail of a log file."""

from pathlib import Path

from desktop.text.message import tr

_MAX_BYTES = 64 << 10
_MAX_LINES = 200


def read_log_tail(path: Path, marker: str = "") -> str:
    """Return at most the last 200 lines of the last 64 KiB of a log.

    If a line contains `marker`, earlier lines than the first such one are left out. Return a sentence if the log is
    missing or empty.
    """
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _MAX_BYTES))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return tr("There is no log yet.")
    matching_lines = [number for number, line in enumerate(lines) if marker and marker in line]
    return "\n".join(lines[matching_lines[0] if matching_lines else 0 :][-_MAX_LINES:]) or tr("The log is empty.")
