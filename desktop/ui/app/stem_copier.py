"""Copies the stem files of songs to the clipboard, from where a file manager or a DAW pastes them."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.text.message import count_message, tr, tr_count
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.stem_files import create_mime_data, list_stem_files
from desktop.ui.widgets.notices import Notice, NoticeStrip

_NOTICE_KEY = "copied stems"
_NOTICE_TIMEOUT_S = 6.0


class StemCopier(QObject):
    """Puts stem files on the clipboard, and says so in a short notice."""

    def __init__(self, notices: NoticeStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._notices = notices
        self._background = BackgroundRunner("copy", self)
        self._jobs: Sequence[Job] = ()
        """Jobs that the user wants copied; an earlier list that was slow is ignored."""

    def copy(self, jobs: Sequence[Job]) -> None:
        """Copy the files of every stem of `jobs`; those without stems are skipped."""
        self._jobs = jobs
        # In the background: the library may be on a slow disk.
        self._background.run_detached(lambda: [list_stem_files(job) for job in jobs], partial(self._finish, jobs))

    def _finish(self, jobs: Sequence[Job], files: Sequence[Sequence[Path]]) -> None:
        if jobs is not self._jobs:
            return
        titles = [job.title for job, paths in zip(jobs, files, strict=True) if paths]
        if titles:
            all_files = [path for paths in files for path in paths]
            QGuiApplication.clipboard().setMimeData(create_mime_data(all_files))
            self._show(_copied_text(titles, len(all_files)))
        elif jobs:
            self._show(tr("There are no stems to copy yet. Copy songs that are separated."))
        else:
            self._show(tr("No song is selected. Select the songs to copy."))

    def _show(self, text: str) -> None:
        self._notices.show_notice(Notice(text, key=_NOTICE_KEY, timeout_s=_NOTICE_TIMEOUT_S))


def _copied_text(titles: Sequence[str], file_count: int) -> str:
    files = count_message("{count} stem", "{count} stems", file_count)
    if len(titles) == 1:
        return tr("Copied {files} of “{title}”.", files=files, title=printable(titles[0], 60))
    return tr_count("Copied {files} of {count} song.", "Copied {files} of {count} songs.", len(titles), files=files)
