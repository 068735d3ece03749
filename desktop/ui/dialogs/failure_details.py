"""Dialogs that explain failures: a failed job, a crash report, and refused files."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from desktop.audio.files import RejectedPath
from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.jobs.text import format_last_attempt
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.logging_setup import log_file
from desktop.text.plurals import format_count
from desktop.ui.core.job_text import model_title
from desktop.ui.dialogs.base import TextDialog
from desktop.ui.dialogs.log_tail import read_log_tail

_PRIVACY_TEXT = (
    "This report is on this computer only: Unbraid does not send it anywhere. Attach it when you report the problem."
)


class FailureDetailsDialog(TextDialog):
    """Error, facts and log tail of one failed job."""

    def __init__(self, job: Job, home: Home, parent: QWidget | None = None) -> None:
        heading = (
            f"{printable(job.title)} {'was not separated again' if job.last_attempt else 'could not be separated'}"
        )
        sentence = format_last_attempt(job) or job.error or "The reason is unknown. The log below may show it."
        super().__init__(heading, sentence, _details_text(job, home), parent)
        self.add_folder_button("Open log folder", home.logs)


class CrashReportDialog(TextDialog):
    """Text of one crash report."""

    def __init__(self, report: Path, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(heading, _PRIVACY_TEXT, _read_report(report), parent)
        self.add_folder_button("Open folder", report.parent)


class RefusedFilesDialog(TextDialog):
    """List of refused paths with reasons."""

    def __init__(self, refusals: Sequence[RejectedPath], parent: QWidget | None = None) -> None:
        lines = [f"{printable(refusal.path, 300)}\n    {refusal.reason}\n" for refusal in refusals]
        super().__init__(refused_text(refusals), "The other songs are not affected.", "\n".join(lines), parent)


def refused_text(refusals: Sequence[RejectedPath]) -> str:
    """Return a sentence with the number of files that could not be added."""
    return f"{format_count(len(refusals), 'file')} could not be added"


def _details_text(job: Job, home: Home) -> str:
    log = log_file(home, "worker")
    facts = {
        "Song": printable(job.source, 500),
        "Model": model_title(job),
        "Stage": job.stage.value if job.stage else "",
        "Added": f"{job.added.astimezone():%Y-%m-%d %H:%M:%S}",
        "Separated" if job.stems else "Failed": f"{job.ended.astimezone():%Y-%m-%d %H:%M:%S}" if job.ended else "",
        "Song ID": job.id,
        "Log": str(log) if log.exists() else "",  # a worker started from a shell logs elsewhere
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    return "\n".join([*lines, "", read_log_tail(log, job.id)])


def _read_report(report: Path) -> str:
    try:
        return report.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"The report cannot be read: {disk_error_reason(error)}."
