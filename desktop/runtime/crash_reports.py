"""Crash reports: text files in a folder, limited to the newest ones, each marked until it has been reported."""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from desktop import __version__
from desktop.text.message import Message

MAX_REPORTS = 20
REPORT_SUFFIX = ".txt"
_UNREPORTED_SUFFIX = ".untold"
_HEADING = Message(
    "An internal error of Unbraid. This report is on this computer only: Unbraid does not send it anywhere."
)


def report_header(process: str) -> str:
    """Return the first lines of a report: process, versions and system; no track names and no user name."""
    system = platform.uname()
    values = {
        "Unbraid": __version__,
        "Process": f"{process} {os.getpid()}",
        "System": f"{system.system} {system.release} {system.machine}",
        "Python": platform.python_version(),
        "Qt": _qt_version(),
    }
    return "\n".join([str(_HEADING), "", *(f"{name}: {value}" for name, value in values.items() if value)]) + "\n"


def write_report(folder: Path, process: str, text: str, crashed_at: datetime | None = None) -> Path | None:
    """Write a report and delete all but the newest `MAX_REPORTS`; return its path, or None if it cannot be written.

    `crashed_at`: time of the crash, default now.
    """
    crashed_at = crashed_at or datetime.now().astimezone()
    name = f"{crashed_at:%Y-%m-%d_%H-%M-%S}_{process}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _unused_path(folder, name)
        path.write_text(f"{crashed_at:%Y-%m-%d %H:%M:%S %z}\n{text}", encoding="utf-8", errors="replace")
    except OSError:
        return None
    for old in sorted(folder.glob(f"*{REPORT_SUFFIX}"), key=_modification_order)[:-MAX_REPORTS]:
        with suppress(OSError):
            old.unlink()
    return path


def mark_unreported(report: Path) -> None:
    """Mark `report` for the next process with its name, unless `mark_reported` is called first."""
    with suppress(OSError):
        report.with_suffix(_UNREPORTED_SUFFIX).touch()


def mark_reported(report: Path) -> None:
    """Remove the mark: the user has seen the report."""
    with suppress(OSError):
        report.with_suffix(_UNREPORTED_SUFFIX).unlink(missing_ok=True)


def collect_unreported(folder: Path, process: str) -> list[Path]:
    """Return unreported reports of processes named `process`, oldest first, and mark them reported."""
    reports = [mark.with_suffix(REPORT_SUFFIX) for mark in sorted(folder.glob(f"*_{process}*{_UNREPORTED_SUFFIX}"))]
    for report in reports:
        mark_reported(report)
    return [report for report in reports if report.exists()]


def _unused_path(folder: Path, name: str) -> Path:
    path, number = folder / f"{name}{REPORT_SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}_{number}{REPORT_SUFFIX}"
    return path


def _modification_order(path: Path) -> Any:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _qt_version() -> str:
    """Return Qt's version if Qt is loaded, else an empty string; never load Qt."""
    core: Any = sys.modules.get("PySide6.QtCore")
    version: Callable[[], str] | None = getattr(core, "qVersion", None)
    return version() if version else ""
