"""Files of finished stems for other programs, which get copies: on the clipboard and by drag and drop."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QUrl

from desktop.jobs.model import Job

_GNOME_FORMAT = "x-special/gnome-copied-files"
"""Format of the clipboard of GNOME's file manager and its relatives: the action, then a URL in each line."""


def list_stem_files(job: Job) -> list[Path]:
    """Return the files of the finished stems of a job that exist, in display order; empty while it has none."""
    return [stem.path for stem in job.sorted_stems() if stem.path.is_file()]


def create_mime_data(files: Sequence[Path]) -> QMimeData:
    """Return data that names files, to be copied and not moved."""
    urls = [_file_url(path) for path in files]
    data = QMimeData()
    data.setUrls(urls)
    lines = [b"copy", *(bytes(url.toEncoded().data()) for url in urls)]
    data.setData(_GNOME_FORMAT, QByteArray(b"\n".join(lines)))
    return data


def _file_url(path: Path) -> QUrl:
    # Not QUrl.fromLocalFile, which loses the bytes of a folder's name that is no valid text.
    return QUrl.fromEncoded(QByteArray(path.absolute().as_uri().encode()))
