"""Look of the application: the Fusion style, Qt's palette, the Inter font and one style sheet, in the theme's colours."""

from string import Template

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import load_fonts, ui_font
from desktop.ui.theme.icons import app_icon
from desktop.ui.theme.palette import TEXT_ON_SURFACES, Colour, Palette, theme

_Role = QPalette.ColorRole
_PALETTE_COLOURS = {
    _Role.Window: Colour.BACKGROUND,
    _Role.WindowText: Colour.TEXT,
    _Role.Base: Colour.PANEL,
    _Role.AlternateBase: Colour.RAISED,
    _Role.Text: Colour.TEXT,
    _Role.Button: Colour.RAISED,
    _Role.ButtonText: Colour.TEXT,
    _Role.BrightText: Colour.TEXT,
    _Role.PlaceholderText: Colour.DIM,
    _Role.Highlight: Colour.ACCENT,
    _Role.HighlightedText: Colour.ON_ACCENT,
    _Role.Accent: Colour.ACCENT,
    _Role.ToolTipBase: Colour.RAISED,
    _Role.ToolTipText: Colour.TEXT,
    _Role.Link: Colour.ACCENT,
    _Role.LinkVisited: Colour.ACCENT,
    _Role.Light: Colour.LINE,
    _Role.Midlight: Colour.LINE,
    _Role.Mid: Colour.LINE,
    _Role.Dark: Colour.LINE,
    _Role.Shadow: Colour.BACKGROUND,
}


def apply_theme(application: QApplication) -> None:
    """Apply style, colours, font and window icon to `application`, and the colours again when the palette changes.

    Call it once, before the first window is created.
    """
    load_fonts()
    application.setStyle("Fusion")
    application.setFont(ui_font())
    application.setWindowIcon(app_icon())
    _apply_palette()
    theme.changed.connect(_apply_palette)


def create_style_sheet(palette: Palette) -> str:
    """Return the style sheet of the application in the colours of `palette`."""
    dimensions = {name: value for name, value in vars(metrics).items() if name.isupper()}
    return Template(_TEMPLATE + _LABEL_RULES).substitute(
        dimensions, **{colour.name: palette[colour] for colour in Colour}
    )


def _apply_palette() -> None:
    """Set Qt's palette and the style sheet; Qt then repaints every widget."""
    QApplication.setPalette(_create_qt_palette(theme.palette))
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setStyleSheet(create_style_sheet(theme.palette))


def _create_qt_palette(palette: Palette) -> QPalette:
    qt_palette = QPalette()
    for role, colour in _PALETTE_COLOURS.items():
        qt_palette.setColor(role, QColor(palette[colour]))
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText):
        qt_palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette[Colour.FAINT]))
    return qt_palette


_LABEL_RULES = "".join(f'QLabel[colour="{colour.name}"] {{ color: ${colour.name}; }}\n' for colour in TEXT_ON_SURFACES)
"""Rules for `TextLabel`."""
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
QPushButton:checked {
    background: $SELECTED; border-color: $SELECTED $SELECTED $ACCENT $SELECTED; color: $ACCENT;
}
QPushButton:disabled { color: $FAINT; }
QPushButton:focus { border-color: $ACCENT; }
QPushButton::menu-indicator { image: none; width: 0; }

QPushButton[kind="primary"] { background: $ACCENT; color: $ON_ACCENT; border-color: $ACCENT; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $ACCENT_HOVER; border-color: $ACCENT_HOVER; }
QPushButton[kind="primary"]:focus { border-color: $TEXT; }
QPushButton[kind="primary"]:disabled { background: $RAISED; color: $FAINT; border-color: $RAISED; }
QPushButton[scale="large"] { min-height: 36px; padding: 0 16px; border-radius: 10px; font-size: 14px; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; color: $DIM; }
QPushButton[kind="quiet"]:hover { background: $RAISED_HOVER; border-color: $RAIL; color: $TEXT; }
QPushButton[kind="quiet"]:focus { border-color: $ACCENT; color: $TEXT; }
QPushButton[kind="value"] { min-height: 24px; padding: 0; }

QLineEdit {
    background: $RAISED; color: $TEXT; border: 2px solid $RAISED; border-radius: 8px; min-height: 28px; padding: 0 8px;
    selection-background-color: $ACCENT; selection-color: $ON_ACCENT;
}
QLineEdit:focus { border-color: $ACCENT; }
QLineEdit[kind="inline"] { min-height: 20px; padding: 0 3px; border-radius: 6px; }

QMenu { background: $RAISED; border: 1px solid $LINE; border-radius: 8px; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 6px; }
QMenu::item:selected { background: $ACCENT; color: $ON_ACCENT; }
QMenu::item:disabled { color: $FAINT; background: transparent; }
QMenu::separator { height: 1px; background: $LINE; margin: 6px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 8px; }
QMenu[checks="true"]::item { padding-left: 30px; }

QTableView { background: $PANEL; border: none; outline: none; gridline-color: $ROW_LINE; }
QTableView::item { padding: 0; }
QTableWidget { border: 2px solid $LINE; border-radius: ${RADIUS}px; }
QTableWidget:focus { border-color: $ACCENT; }
QTableWidget::item { padding: 0 8px; }
QTableWidget::item:selected { background: $ACCENT; color: $ON_ACCENT; }
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
QScrollBar::handle:disabled { background: transparent; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSplitter::handle { background: $PANEL; }
QSplitter::handle:hover { background: $ACCENT; }

QComboBox, QSpinBox {
    background: $RAISED; border: 2px solid $RAISED; border-radius: 8px; min-height: 28px; padding: 0 8px;
}
QComboBox:focus, QSpinBox:focus { border-color: $ACCENT; }
QDoubleSpinBox {
    background: $RAISED; color: $TEXT; border: 2px solid $RAISED; border-radius: 7px; min-height: 24px;
    selection-background-color: $ACCENT; selection-color: $ON_ACCENT;
}
QDoubleSpinBox[kind="quiet"] {
    background: transparent; color: $DIM; border-color: transparent; min-height: 20px;
}
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: 0; border: none; }
QDoubleSpinBox:disabled { color: $FAINT; }
QDoubleSpinBox:hover { border-color: $RAIL; }
QDoubleSpinBox:focus { border-color: $ACCENT; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: $RAISED; border: 1px solid $LINE; padding: 4px; outline: none; }
QComboBox QAbstractItemView::item { min-height: 28px; padding: 0 8px; border-radius: 6px; color: $TEXT; }
QComboBox QAbstractItemView::item:selected { background: $ACCENT; color: $ON_ACCENT; }

QTabBar::tab {
    background: transparent; color: $DIM; border: 2px solid transparent; border-radius: 8px; min-height: 28px;
    padding: 0 10px; margin-right: 4px; font-weight: 500;
}
QTabBar::tab:hover { color: $TEXT; }
QTabBar::tab:selected { background: $RAISED; border-color: $RAISED; color: $TEXT; }
QTabBar::tab:selected:focus { border-color: $ACCENT; }
QTabBar::tab:disabled { color: $FAINT; }

QPlainTextEdit {
    background: $BACKGROUND; color: $DIM; border: 2px solid $LINE; border-radius: 8px; padding: 6px;
    selection-background-color: $ACCENT; selection-color: $ON_ACCENT;
}
QPlainTextEdit:focus { border-color: $ACCENT; }

#card { background: $PANEL; border: 1px solid $LINE; border-radius: ${RADIUS}px; }
#separator { background: $LINE; margin: 0 16px; }
"""
