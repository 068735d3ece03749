"""Look of the application: the Fusion style, a palette, the Inter font and one style sheet."""

from string import Template

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import load_fonts, ui_font
from desktop.ui.theme.icons import app_icon

_Role = QPalette.ColorRole
_PALETTE_COLOURS = {
    _Role.Window: tokens.BACKGROUND,
    _Role.WindowText: tokens.TEXT,
    _Role.Base: tokens.PANEL,
    _Role.AlternateBase: tokens.RAISED,
    _Role.Text: tokens.TEXT,
    _Role.Button: tokens.RAISED,
    _Role.ButtonText: tokens.TEXT,
    _Role.BrightText: tokens.TEXT,
    _Role.PlaceholderText: tokens.DIM,
    _Role.Highlight: tokens.ACCENT,
    _Role.HighlightedText: tokens.ON_ACCENT,
    _Role.Accent: tokens.ACCENT,
    _Role.ToolTipBase: tokens.RAISED,
    _Role.ToolTipText: tokens.TEXT,
    _Role.Link: tokens.ACCENT,
    _Role.LinkVisited: tokens.ACCENT,
    _Role.Light: tokens.LINE,
    _Role.Midlight: tokens.LINE,
    _Role.Mid: tokens.LINE,
    _Role.Dark: tokens.LINE,
    _Role.Shadow: tokens.BACKGROUND,
}


def apply_theme(application: QApplication) -> None:
    """Apply style, palette, font, style sheet and window icon to `application`.

    Call it once, before the first window is created.
    """
    load_fonts()
    application.setStyle("Fusion")
    application.setPalette(_create_palette())
    application.setFont(ui_font())
    application.setStyleSheet(STYLESHEET)
    application.setWindowIcon(app_icon())


def _create_palette() -> QPalette:
    palette = QPalette()
    for role, colour in _PALETTE_COLOURS.items():
        palette.setColor(role, QColor(colour))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.FAINT))
    return palette


_TEMPLATE = """
QToolTip {
    background: $RAISED; color: $TEXT; border: 1px solid $LINE; border-radius: 6px; padding: 5px 8px;
}

QPushButton {
    background: $RAISED; color: $TEXT; border: 2px solid $RAISED; border-radius: 8px;
    min-height: 28px; padding: 0 10px; font-weight: 500; outline: none;
}
QPushButton:hover { background: $RAISED_HOVER; border-color: $RAIL; }
QPushButton:pressed { background: $SELECTED; border-color: $RAIL; }
QPushButton:checked { background: $SELECTED; border-color: $ACCENT; color: $ACCENT; }
QPushButton:disabled { color: $FAINT; }
QPushButton:focus { border-color: $ACCENT; }
QPushButton:checked:focus { border-color: $TEXT; }
QPushButton::menu-indicator { image: none; width: 0; }

QPushButton[kind="primary"] { background: $ACCENT; color: $ON_ACCENT; border-color: $ACCENT; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $ACCENT_HOVER; border-color: $ACCENT_HOVER; }
QPushButton[kind="primary"]:focus { border-color: $TEXT; }
QPushButton[kind="primary"]:disabled { background: $RAISED; color: $FAINT; border-color: $RAISED; }
QPushButton[scale="large"] { min-height: 36px; padding: 0 16px; border-radius: 10px; font-size: 14px; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; color: $DIM; }
QPushButton[kind="quiet"]:hover { background: $RAISED_HOVER; border-color: $RAIL; color: $TEXT; }
QPushButton[kind="quiet"]:focus { border-color: $ACCENT; color: $TEXT; }

QLineEdit {
    background: $RAISED; color: $TEXT; border: 2px solid $RAISED; border-radius: 8px; min-height: 28px; padding: 0 8px;
    selection-background-color: $ACCENT; selection-color: $ON_ACCENT;
}
QLineEdit:focus { border-color: $ACCENT; }

QMenu { background: $RAISED; border: 1px solid $LINE; border-radius: 8px; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 6px; }
QMenu::item:selected { background: $ACCENT; color: $ON_ACCENT; }
QMenu::item:disabled { color: $FAINT; background: transparent; }
QMenu::separator { height: 1px; background: $LINE; margin: 6px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 8px; }
QMenu[checks="true"]::item { padding-left: 30px; }

QTableView { background: $PANEL; border: none; outline: none; gridline-color: $ROW_LINE; }
QTableView::item { padding: 0; }
QHeaderView { background: $PANEL; border: none; }
QHeaderView::section {
    background: $PANEL; color: $FAINT; border: none; border-bottom: 1px solid $LINE; font-size: 12px; font-weight: 500;
    padding: 0 12px;
}

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: $RAIL; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $DIM; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSplitter::handle { background: $PANEL; }
QSplitter::handle:hover { background: $ACCENT; }

QComboBox, QSpinBox {
    background: $RAISED; border: 2px solid $RAISED; border-radius: 8px; min-height: 28px; padding: 0 8px;
}
QComboBox:focus, QSpinBox:focus { border-color: $ACCENT; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: $RAISED; border: 1px solid $LINE; }

QPlainTextEdit {
    background: $BACKGROUND; color: $DIM; border: 2px solid $LINE; border-radius: 8px; padding: 6px;
    selection-background-color: $ACCENT; selection-color: $ON_ACCENT;
}
QPlainTextEdit:focus { border-color: $ACCENT; }
"""

STYLESHEET = Template(_TEMPLATE).substitute({name: value for name, value in vars(tokens).items() if name.isupper()})
