"""Interface font: Inter, shipped with the app, with tabular figures so that running times do not jitter."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from desktop.paths import resources

FAMILY = "Inter"
BODY_SIZE = 13
SECONDARY_SIZE = 12
TITLE_SIZE = 15
LARGE_SIZE = 28


def load_fonts() -> None:
    """Register the shipped fonts with Qt.

    Fonts that cannot be read are skipped; Qt then uses the system's sans-serif font.
    """
    for path in sorted((resources() / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


def ui_font(size: int = BODY_SIZE, weight: int = 400) -> QFont:
    """Return the interface font at `size` pixels.

    `weight` is a CSS font weight: 400 regular, 500 medium, 600 semibold, 700 bold.
    """
    return QFont(_cached_font(size, weight))


@cache
def _cached_font(size: int, weight: int) -> QFont:
    font = QFont([FAMILY, "sans-serif"])
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setStyleHint(QFont.StyleHint.SansSerif)
    # Unhinted outlines at subpixel positions: hinting would break Inter's letter spacing at 13 pixels.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
