"""The small picture of a song: its cover, or a wash of two colours that its name decides."""

from collections import OrderedDict
from pathlib import Path
from zlib import crc32

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QBrush, QColor, QImage, QLinearGradient, QTransform

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.probe.ask import read_picture
from desktop.ui.background import Background
from desktop.ui.theme import tokens

_KEPT = 600
_SHARP = 3
"""Pictures are kept this many times as large as they are drawn, for screens of high density."""
_WASHES = (
    ("#30436f", "#b05c7a"),
    ("#3d5c45", "#d0b35e"),
    ("#5b3d6b", "#5f8ad6"),
    ("#215b6b", "#7bd6c8"),
    ("#6b3d3d", "#d6935f"),
    ("#3d4a6b", "#8f7bd6"),
    ("#5c5a3d", "#9fd05e"),
    ("#6b3d5b", "#d65f8f"),
    ("#2f5a4e", "#8fb0d6"),
    ("#6b5030", "#d67b7b"),
    ("#30506b", "#6fd0a0"),
    ("#4b306b", "#c98fd6"),
    ("#305b3d", "#5fd6c4"),
)


class Covers(QObject):
    """Reads covers in the background, each once, and keeps those that were asked for last."""

    arrived = Signal()
    """A cover can be drawn that could not before."""

    def __init__(self, home: Home, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home = home
        self._background = background
        self._pictures: OrderedDict[str, QImage] = OrderedDict()

    def picture(self, job: Job) -> QImage | None:
        """The cover of a job, None while it is being read and when there is none."""
        found = self._pictures.get(job.id)
        if found is None:
            self._keep(job.id, QImage())
            path = self._home.job(job.id).cover
            self._background.run(lambda: read_cover(path), lambda image: self._arrive(job.id, image))
            return None
        self._pictures.move_to_end(job.id)
        return None if found.isNull() else found

    def _arrive(self, job_id: str, image: QImage) -> None:
        if not image.isNull():
            self._keep(job_id, image)
            self.arrived.emit()

    def _keep(self, job_id: str, image: QImage) -> None:
        self._pictures[job_id] = image
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)


def read_cover(path: Path) -> QImage:
    """Return the middle square of a picture, small; a null image when it cannot be read."""
    side = tokens.COVER * _SHARP
    found = read_picture(path, side) if path.exists() else None
    if found is None:
        return QImage()
    pixels, turned = found
    image = QImage(pixels, side, side, 4 * side, QImage.Format.Format_RGBA8888)
    return image.transformed(QTransform().rotate(-turned)) if turned else image.copy()  # `image` does not own `pixels`


def wash(job: Job, room: QRectF) -> QBrush:
    """Return the ground of a song without a cover: always the same for one artist's album, or for one untagged title."""
    album = f"{job.artist}\0{job.album}" if job.artist or job.album else job.title
    first, last = _WASHES[crc32(album.encode()) % len(_WASHES)]
    gradient = QLinearGradient(QPointF(room.topLeft()), QPointF(room.bottomRight()))
    gradient.setColorAt(0, QColor(first))
    gradient.setColorAt(1, QColor(last))
    return QBrush(gradient)
