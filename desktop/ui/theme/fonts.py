"""Inter, shipped with the app, with figures of one width so that running times do not tremble."""

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from desktop.paths import resources

FAMILY = "Inter"
BODY_SIZE = 13
SECONDARY_SIZE = 12
TITLE_SIZE = 15
LARGE_SIZE = 28


def load_fonts() -> None:
    """Make the shipped fonts known to Qt. Where one cannot be read, the system's own sans-serif stands in."""
    for path in sorted((resources() / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


def ui_font(size: int = BODY_SIZE, weight: int = 400) -> QFont:
    """The interface font of `size` pixels. `weight` is CSS's: 400 regular, 500 medium, 600 semibold, 700 bold."""
    return QFont(_cached_font(size, weight))


@cache
def _cached_font(size: int, weight: int) -> QFont:
    font = QFont([FAMILY, "sans-serif"])
    font.setPixelSize(size)
    font.setWeight(QFont.Weight(weight))
    font.setStyleHint(QFont.StyleHint.SansSerif)
    # Outlines as drawn, at fractions of a pixel: hinting would tear Inter's spacing apart at 13 pixels.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font
