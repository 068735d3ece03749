"""Reports that nobody has been told of: an empty file beside each, for as long as that is so."""

from contextlib import suppress
from pathlib import Path

from desktop.crashes.reports import SUFFIX

_SUFFIX = ".untold"


def mark_untold(report: Path) -> None:
    """Have the next process of this name be told of it, unless it is `mark_told` before."""
    with suppress(OSError):
        report.with_suffix(_SUFFIX).touch()


def mark_told(report: Path) -> None:
    """The user knows of it."""
    with suppress(OSError):
        report.with_suffix(_SUFFIX).unlink(missing_ok=True)


def untold(folder: Path, process: str) -> list[Path]:
    """Those of ended processes of that name, oldest first. Whoever asks is told."""
    marked = [mark.with_suffix(SUFFIX) for mark in sorted(folder.glob(f"*_{process}*{_SUFFIX}"))]
    for report in marked:
        mark_told(report)
    return [report for report in marked if report.exists()]
