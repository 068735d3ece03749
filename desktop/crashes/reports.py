"""Crash reports: texts in a folder, the newest few of them."""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from desktop import __version__

MOST = 20
SUFFIX = ".txt"
_HEAD = "A fault of Unbraid's own. This report lies on this computer alone: Unbraid sends it nowhere."


def facts(process: str) -> str:
    """What every report begins with: the process, and what this one runs on. No song, no name of the user's."""
    system = platform.uname()
    known = {
        "Unbraid": __version__,
        "Process": f"{process} {os.getpid()}",
        "System": f"{system.system} {system.release} {system.machine}",
        "Python": platform.python_version(),
        "Qt": _qt_version(),
    }
    return "\n".join([_HEAD, "", *(f"{name}: {value}" for name, value in known.items() if value)]) + "\n"


def write_report(folder: Path, process: str, text: str, moment: datetime | None = None) -> Path | None:
    """Keep a report of a crash at that moment, and of older ones the newest. None when it cannot be written."""
    moment = moment or datetime.now().astimezone()
    name = f"{moment:%Y-%m-%d_%H-%M-%S}_{process}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = _free(folder, name)
        path.write_text(f"{moment:%Y-%m-%d %H:%M:%S %z}\n{text}", encoding="utf-8", errors="replace")
    except OSError:
        return None
    for old in sorted(folder.glob(f"*{SUFFIX}"), key=_age)[:-MOST]:
        with suppress(OSError):
            old.unlink()
    return path


def _free(folder: Path, name: str) -> Path:
    path, number = folder / f"{name}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}_{number}{SUFFIX}"
    return path


def _age(path: Path) -> Any:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _qt_version() -> str:
    """Only where Qt is in use: asking must not load it."""
    core: Any = sys.modules.get("PySide6.QtCore")
    version: Callable[[], str] | None = getattr(core, "qVersion", None)
    return version() if version else ""
