"""Covers of tracks, and the two-colour gradients that replace missing ones."""

from collections import OrderedDict
from pathlib import Path
from zlib import crc32

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QImage, QLinearGradient, QPainter, QPainterPath, QTransform

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.probe.client import read_picture
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.theme import metrics

_CACHE_SIZE = 600
_PIXEL_SCALE = 3
"""Size of a cached picture relative to its drawn size, for high-density screens."""
_GRADIENTS = (
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


class CoverCache(QObject):
    """Cache of covers that are read in the background; keeps the most recently requested."""

    cover_loaded = Signal()
    """A cover was loaded and can be drawn."""

    def __init__(self, home: Home, background: BackgroundRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home = home
        self._background = background
        self._images: OrderedDict[str, QImage] = OrderedDict()

    def get_cover(self, job: Job) -> QImage | None:
        """Return the cover of a job, or None if it is still being read or does not exist."""
        cached = self._images.get(job.id)
        if cached is None:
            self._cache_image(job.id, QImage())
            path = self._home.job_folder(job.id).cover
            self._background.run(lambda: read_cover(path), lambda image: self._store_loaded(job.id, image))
            return None
        self._images.move_to_end(job.id)
        return None if cached.isNull() else cached

    def _store_loaded(self, job_id: str, image: QImage) -> None:
        if not image.isNull():
            self._cache_image(job_id, image)
            self.cover_loaded.emit()

    def _cache_image(self, job_id: str, image: QImage) -> None:
        self._images[job_id] = image
        while len(self._images) > _CACHE_SIZE:
            self._images.popitem(last=False)


def read_cover(path: Path, side_px: int = metrics.COVER_SIZE * _PIXEL_SCALE) -> QImage:
    """Return the centre square of a picture, `side_px` pixels wide; a null image if it cannot be read."""
    picture = read_picture(path, side_px) if path.exists() else None
    if picture is None:
        return QImage()
    pixels, rotation_degrees = picture
    image = QImage(pixels, side_px, side_px, 4 * side_px, QImage.Format.Format_RGBA8888)
    return (
        image.transformed(QTransform().rotate(-rotation_degrees)) if rotation_degrees else image.copy()
    )  # a copy, because `image` does not own `pixels`


def draw_cover(covers: CoverCache, painter: QPainter, rect: QRectF, job: Job) -> None:
    """Draw the cover of a job with rounded corners into `rect`, or its gradient while there is none."""
    clip_path = QPainterPath()
    clip_path.addRoundedRect(rect, 6, 6)
    image = covers.get_cover(job)
    if image is None:
        painter.fillPath(clip_path, placeholder_brush(job, rect))
        return
    painter.save()
    painter.setClipPath(clip_path, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(rect, image)
    painter.restore()


def placeholder_brush(job: Job, rect: QRectF) -> QBrush:
    """Return the gradient for a job without a cover, chosen by artist and album, or by title without tags."""
    album = f"{job.artist}\0{job.album}" if job.artist or job.album else job.title
    first, last = _GRADIENTS[crc32(album.encode()) % len(_GRADIENTS)]
    gradient = QLinearGradient(QPointF(rect.topLeft()), QPointF(rect.bottomRight()))
    gradient.setColorAt(0, QColor(first))
    gradient.setColorAt(1, QColor(last))
    return QBrush(gradient)
