"""Draws unbraid-SIZE.png out of unbraid.svg: `.venv/bin/python resources/icons/make_icons.py`."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).parent
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)

application = QGuiApplication(["icons", "-platform", "offscreen"])
drawing = QSvgRenderer(str(HERE / "unbraid.svg"))
for size in SIZES:
    picture = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    drawing.render(painter)
    painter.end()
    picture.save(str(HERE / f"unbraid-{size}.png"))
