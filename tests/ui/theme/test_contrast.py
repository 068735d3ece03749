"""Every colour pair that the tables of tokens.py allow has the contrast that WCAG 2.2 requires."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import desktop.ui
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from desktop.ui.theme import tokens
from desktop.ui.theme.style import STYLESHEET
from desktop.ui.widgets.button import PushButton
from tests.helpers.jobs import make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
MIN_TEXT_CONTRAST, MIN_SHAPE_CONTRAST, MIN_HOVER_CONTRAST = 4.5, 3.0, 1.1
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
FILLS = {fill for _, fill in tokens.TEXT_ON_FILLS}


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _blend(colour: str, background: str, opacity: float) -> str:
    pairs = [(int(colour[n : n + 2], 16), int(background[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(front * opacity + back * (1 - opacity)):02x}" for front, back in pairs)


def test_text_is_readable_on_every_surface_and_every_fill() -> None:
    unreadable = [
        pair for pair in product(tokens.TEXT_ON_SURFACES, tokens.SURFACES) if contrast(*pair) < MIN_TEXT_CONTRAST
    ]
    assert not unreadable
    assert not [pair for pair in tokens.TEXT_ON_FILLS if contrast(*pair) < MIN_TEXT_CONTRAST]


def test_shapes_and_fills_are_visible_on_every_surface() -> None:
    shapes = (*tokens.SHAPES_ON_SURFACES, *FILLS)
    assert not [pair for pair in product(shapes, tokens.SURFACES) if contrast(*pair) < MIN_SHAPE_CONTRAST]


def test_half_transparent_colours_are_visible() -> None:
    for colour in (tokens.ACCENT, *tokens.STEM_COLOURS.values()):
        assert (
            contrast(_blend(colour, tokens.BACKGROUND, tokens.UNPLAYED_OPACITY), tokens.BACKGROUND)
            >= MIN_SHAPE_CONTRAST
        ), colour
        assert contrast(colour, _blend(colour, tokens.PANEL, tokens.BADGE_OPACITY)) >= MIN_SHAPE_CONTRAST, colour


def test_hovered_and_selected_colours_differ_from_the_panel() -> None:
    assert contrast(tokens.HOVERED, tokens.PANEL) >= MIN_HOVER_CONTRAST
    assert contrast(tokens.SELECTED, tokens.PANEL) >= MIN_HOVER_CONTRAST


def _named_colours() -> Iterator[tuple[str, str]]:
    for name, value in vars(tokens).items():
        if isinstance(value, str) and _HEX.fullmatch(value):
            yield name, value
    yield from tokens.STEM_COLOURS.items()


def test_every_colour_is_listed_in_a_table() -> None:
    texts_on_fills = {text for text, _ in tokens.TEXT_ON_FILLS}
    tables = (
        tokens.SURFACES,
        tokens.TEXT_ON_SURFACES,
        tokens.SHAPES_ON_SURFACES,
        texts_on_fills,
        FILLS,
        tokens.HAIRLINES,
    )
    listed = {colour for table in tables for colour in table}
    assert {name for name, value in _named_colours() if value not in listed} == set()


def test_colours_are_written_only_in_the_tokens() -> None:
    folder = Path(desktop.ui.__file__).parent
    # Placeholder covers are pictures: no text is drawn on them.
    allowed = {folder / "theme" / "tokens.py", folder / "pages" / "library" / "covers.py"}
    literal = re.compile(rf"{_HEX.pattern}|QColor\(\d|GlobalColor\.(?!transparent)")
    offending = [path.name for path in folder.rglob("*.py") if path not in allowed and literal.search(path.read_text())]
    assert not offending


def test_style_sheet_uses_colours_as_the_tables_allow() -> None:
    """Text has a text colour, backgrounds are surfaces, and hairlines are only borders and rules."""
    rules = [(selector.strip(), _properties(body)) for selector, body in _RULE.findall(STYLESHEET)]
    assert len(rules) > 30
    for selector, properties in rules:
        background, text = properties.get("background"), properties.get("color")
        if background in FILLS:
            assert (text, background) in tokens.TEXT_ON_FILLS or text is None, selector
        elif text is not None:
            assert text in tokens.TEXT_ON_SURFACES, selector
        if (
            background is not None
            and background not in FILLS
            and "separator" not in selector
            and "ScrollBar" not in selector
        ):
            assert background in tokens.SURFACES, selector


def _properties(body: str) -> dict[str, str]:
    """Return the properties of a rule whose value is a plain colour."""
    parts = (part.split(":") for part in body.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, value in parts if _HEX.fullmatch(value.strip())}


def _grab_image(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_checked_button_has_an_accent_border_and_hovered_button_a_visible_border(qtbot: QtBot) -> None:
    buttons = [PushButton("Lanes") for _ in range(2)]
    borders: list[str] = []
    for button, checked in zip(buttons, (False, True), strict=True):
        qtbot.addWidget(button)
        button.setCheckable(True)
        button.setChecked(checked)
        button.resize(80, 32)
        borders.append(_grab_image(button).pixelColor(40, 1).name())
    assert borders == [tokens.RAISED, tokens.ACCENT]
    assert "QPushButton:hover" in STYLESHEET
    assert tokens.RAIL in STYLESHEET.split("QPushButton:hover", 1)[1].split("}", 1)[0]


def test_disabled_button_looks_different_from_an_enabled_button(qtbot: QtBot) -> None:
    for kind in ("plain", "primary"):
        images: list[QImage] = []
        for enabled in (True, False):
            button = PushButton("Restore", kind)
            qtbot.addWidget(button)
            button.setEnabled(enabled)
            images.append(_grab_image(button))
        assert images[0] != images[1], kind


def test_selected_row_has_an_accent_edge(window: MainWindow, qtbot: QtBot) -> None:
    window.library.table_model.upsert_jobs([first := make_job("First"), make_job("Second")])
    window.job_view.select_job(first.id)
    qtbot.waitUntil(lambda: window.job_view.isVisible())
    image = _grab_image(window.job_view.viewport())
    centres = [window.job_view.visualRect(window.library.proxy.index(row, Column.TITLE)).center() for row in (0, 1)]
    assert [image.pixelColor(QPoint(1, centre.y())) for centre in centres] == [
        QColor(tokens.ACCENT),
        QColor(tokens.PANEL),
    ]


def test_focused_button_has_exactly_one_ring(window: MainWindow, qtbot: QtBot) -> None:
    """Fusion would draw its own grey frame inside the button."""
    button = window.top_bar.settings_button
    inside = button.rect().adjusted(4, 4, -4, -4)
    unfocused = _grab_image(button)
    window.top_bar.model_button.setFocus()
    qtbot.keyClick(window.top_bar.model_button, Qt.Key.Key_Tab)  # Fusion draws its frame after a key moved the focus
    qtbot.waitUntil(button.hasFocus)
    focused = _grab_image(button)
    assert focused.copy(inside) == unfocused.copy(inside)
    assert focused.pixelColor(button.width() // 2, 1) == QColor(tokens.ACCENT)
