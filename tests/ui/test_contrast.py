"""Every pair of colours that the tables of tokens.py allow has the contrast that WCAG 2.2 asks for."""

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
from tests.helpers.window import make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
TEXT, SHAPE, HOVER = 4.5, 3.0, 1.1
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
FILLS = {fill for _, fill in tokens.TEXT_ON_FILLS}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _blend(colour: str, ground: str, opacity: float) -> str:
    pairs = [(int(colour[n : n + 2], 16), int(ground[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(above * opacity + below * (1 - opacity)):02x}" for above, below in pairs)


def test_text_can_be_read_on_every_ground_and_every_fill() -> None:
    on_grounds = [pair for pair in product(tokens.TEXT_ON_SURFACES, tokens.SURFACES) if contrast(*pair) < TEXT]
    assert not on_grounds
    assert not [pair for pair in tokens.TEXT_ON_FILLS if contrast(*pair) < TEXT]


def test_shapes_and_states_can_be_seen_on_every_ground() -> None:
    shapes = (*tokens.SHAPES_ON_SURFACES, *FILLS)
    assert not [pair for pair in product(shapes, tokens.SURFACES) if contrast(*pair) < SHAPE]


def test_what_is_drawn_half_transparent_can_be_seen() -> None:
    for colour in (tokens.ACCENT, *tokens.STEM_COLOURS.values()):
        assert contrast(_blend(colour, tokens.BACKGROUND, tokens.UNPLAYED_OPACITY), tokens.BACKGROUND) >= SHAPE, colour
        assert contrast(colour, _blend(colour, tokens.PANEL, tokens.BADGE_OPACITY)) >= SHAPE, colour


def test_what_is_under_the_pointer_differs_from_its_neighbours() -> None:
    assert contrast(tokens.HOVERED, tokens.PANEL) >= HOVER
    assert contrast(tokens.SELECTED, tokens.PANEL) >= HOVER


def _named_colours() -> Iterator[tuple[str, str]]:
    for name, value in vars(tokens).items():
        if isinstance(value, str) and _HEX.fullmatch(value):
            yield name, value
    yield from tokens.STEM_COLOURS.items()


def test_every_colour_is_in_a_table() -> None:
    inks_on_fills = {ink for ink, _ in tokens.TEXT_ON_FILLS}
    tables = (
        tokens.SURFACES,
        tokens.TEXT_ON_SURFACES,
        tokens.SHAPES_ON_SURFACES,
        inks_on_fills,
        FILLS,
        tokens.HAIRLINES,
    )
    known = {colour for table in tables for colour in table}
    assert {name for name, value in _named_colours() if value not in known} == set()


def test_colours_are_written_in_the_tokens_alone() -> None:
    folder = Path(desktop.ui.__file__).parent
    # The pictures that stand for missing covers are pictures: nothing is written on them.
    elsewhere = {folder / "theme" / "tokens.py", folder / "pages" / "library" / "covers.py"}
    literal = re.compile(rf"{_HEX.pattern}|QColor\(\d|GlobalColor\.(?!transparent)")
    found = [path.name for path in folder.rglob("*.py") if path not in elsewhere and literal.search(path.read_text())]
    assert not found


def test_the_style_sheet_follows_the_tables() -> None:
    """Text is in a colour for text, grounds are grounds, and nothing but borders and rules is a hairline."""
    rules = [(selector.strip(), _properties(body)) for selector, body in _RULE.findall(STYLESHEET)]
    assert len(rules) > 30
    for selector, properties in rules:
        ground, ink = properties.get("background"), properties.get("color")
        if ground in FILLS:
            assert (ink, ground) in tokens.TEXT_ON_FILLS or ink is None, selector
        elif ink is not None:
            assert ink in tokens.TEXT_ON_SURFACES, selector
        if ground is not None and ground not in FILLS and "separator" not in selector and "ScrollBar" not in selector:
            assert ground in tokens.SURFACES, selector


def _properties(body: str) -> dict[str, str]:
    """Return the plain colours of a rule, by property."""
    parts = (part.split(":") for part in body.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, value in parts if _HEX.fullmatch(value.strip())}


def _picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_a_checked_button_has_an_accent_border_and_a_hovered_one_a_visible_one(qtbot: QtBot) -> None:
    buttons = [PushButton("Lanes") for _ in range(2)]
    borders: list[str] = []
    for button, checked in zip(buttons, (False, True), strict=True):
        qtbot.addWidget(button)
        button.setCheckable(True)
        button.setChecked(checked)
        button.resize(80, 32)
        borders.append(_picture(button).pixelColor(40, 1).name())
    assert borders == [tokens.RAISED, tokens.ACCENT]
    assert "QPushButton:hover" in STYLESHEET
    assert tokens.RAIL in STYLESHEET.split("QPushButton:hover", 1)[1].split("}", 1)[0]


def test_a_disabled_button_differs_from_one_that_can_be_pressed(qtbot: QtBot) -> None:
    for kind in ("plain", "primary"):
        pictures: list[QImage] = []
        for enabled in (True, False):
            button = PushButton("Restore", kind)
            qtbot.addWidget(button)
            button.setEnabled(enabled)
            pictures.append(_picture(button))
        assert pictures[0] != pictures[1], kind


def test_a_selected_row_has_an_accent_edge(window: MainWindow, qtbot: QtBot) -> None:
    window.library.table_model.upsert_jobs([first := make_job("First"), make_job("Second")])
    window.job_view.select_job(first.id)
    qtbot.waitUntil(lambda: window.job_view.isVisible())
    picture = _picture(window.job_view.viewport())
    rows = [window.job_view.visualRect(window.library.proxy.index(row, Column.TITLE)).center() for row in (0, 1)]
    assert [picture.pixelColor(QPoint(1, row.y())) for row in rows] == [QColor(tokens.ACCENT), QColor(tokens.PANEL)]


def test_a_button_with_the_focus_has_one_ring(window: MainWindow, qtbot: QtBot) -> None:
    """Fusion would draw a grey frame of its own inside."""
    button = window.top_bar.settings_button
    inside = button.rect().adjusted(4, 4, -4, -4)
    plain = _picture(button)
    window.top_bar.model_button.setFocus()
    qtbot.keyClick(window.top_bar.model_button, Qt.Key.Key_Tab)  # Fusion draws it once a key has moved the focus
    qtbot.waitUntil(button.hasFocus)
    focused = _picture(button)
    assert focused.copy(inside) == plain.copy(inside)
    assert focused.pixelColor(button.width() // 2, 1) == QColor(tokens.ACCENT)
