"""Dresses the application: Fusion, a palette, Inter, and one style sheet."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import load_fonts, ui_font
from desktop.ui.theme.icons import app_icon
from desktop.ui.theme.stylesheet import STYLESHEET

Role = QPalette.ColorRole
_COLOURS = {
    Role.Window: tokens.BACKGROUND,
    Role.WindowText: tokens.TEXT,
    Role.Base: tokens.PANEL,
    Role.AlternateBase: tokens.RAISED,
    Role.Text: tokens.TEXT,
    Role.Button: tokens.RAISED,
    Role.ButtonText: tokens.TEXT,
    Role.BrightText: tokens.TEXT,
    Role.PlaceholderText: tokens.DIM,
    Role.Highlight: tokens.ACCENT,
    Role.HighlightedText: tokens.ON_ACCENT,
    Role.Accent: tokens.ACCENT,
    Role.ToolTipBase: tokens.RAISED,
    Role.ToolTipText: tokens.TEXT,
    Role.Link: tokens.ACCENT,
    Role.LinkVisited: tokens.ACCENT,
    Role.Light: tokens.LINE,
    Role.Midlight: tokens.LINE,
    Role.Mid: tokens.LINE,
    Role.Dark: tokens.LINE,
    Role.Shadow: tokens.BACKGROUND,
}


def apply_theme(application: QApplication) -> None:
    """Give the application its look. To be called once, before the first window is made."""
    load_fonts()
    application.setStyle("Fusion")
    application.setPalette(_palette())
    application.setFont(ui_font())
    application.setStyleSheet(STYLESHEET)
    application.setWindowIcon(app_icon())


def _palette() -> QPalette:
    palette = QPalette()
    for role, colour in _COLOURS.items():
        palette.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.FAINT))
    return palette
