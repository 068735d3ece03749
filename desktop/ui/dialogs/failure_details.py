"""Dialogs that explain failures: a failed job, a crash report, and refused files."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtWidgets import QWidget

from desktop.audio.files import RejectedPath
from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.jobs.text import STAGE_TEXTS, format_last_attempt
from desktop.paths import Home
from desktop.runtime.disk_errors import disk_error_reason
from desktop.runtime.logging_setup import log_file
from desktop.text.message import Message, tr, tr_count
from desktop.ui.core.job_text import model_title
from desktop.ui.dialogs.base import TextDialog
from desktop.ui.dialogs.log_tail import read_log_tail

_PRIVACY_TEXT = Message(
    "This report is on this computer only: Unbraid does not send it anywhere. Attach it when you report the problem."
)


class FailureDetailsDialog(TextDialog):
    """Error, facts and log tail of one failed job."""

    def __init__(self, job: Job, home: Home, parent: QWidget | None = None) -> None:
        title = printable(job.title)
        heading = (
            tr("{title} was not separated again", title=title)
            if job.last_attempt
            else tr("{title} could not be separated", title=title)
        )
        reason = format_last_attempt(job) or job.error or tr("The reason is unknown. The log below may show it.")
        super().__init__(heading, str(reason), _details_text(job, home), parent)
        self.add_folder_button(tr("Open log folder"), home.logs)


class CrashReportDialog(TextDialog):
    """Text of one crash report."""

    def __init__(self, report: Path, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(heading, str(_PRIVACY_TEXT), _read_report(report), parent)
        self.add_folder_button(tr("Open folder"), report.parent)


class RefusedFilesDialog(TextDialog):
    """List of refused paths with reasons."""

    def __init__(self, refusals: Sequence[RejectedPath], parent: QWidget | None = None) -> None:
        lines = [f"{printable(refusal.path, 300)}\n    {refusal.reason}\n" for refusal in refusals]
        super().__init__(refused_text(refusals), tr("The other songs are not affected."), "\n".join(lines), parent)


def refused_text(refusals: Sequence[RejectedPath]) -> str:
    """Return a sentence with the number of files that could not be added."""
    return tr_count("{count} file could not be added", "{count} files could not be added", len(refusals))


def _details_text(job: Job, home: Home) -> str:
    log = log_file(home, "worker")
    facts = (
        tr("Song: {path}", path=printable(job.source, 500)),
        tr("Model: {model}", model=model_title(job)),
        tr("Stage: {stage}", stage=STAGE_TEXTS[job.stage]) if job.stage else "",
        tr("Added: {time}", time=_format_time(job.added)),
        _ended_text(job, _format_time(job.ended)) if job.ended else "",
        tr("Song ID: {song_id}", song_id=job.id),
        tr("Log: {path}", path=str(log)) if log.exists() else "",  # a worker started from a shell logs elsewhere
    )
    return "\n".join([*filter(None, facts), "", read_log_tail(log, job.id)])


def _ended_text(job: Job, time: str) -> str:
    return tr("Separated: {time}", time=time) if job.stems else tr("Failed: {time}", time=time)


def _format_time(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def _read_report(report: Path) -> str:
    try:
        return report.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return tr("The report cannot be read: {reason}.", reason=disk_error_reason(error))
