"""Every colour pair that the tables of palette.py allow has the contrast that WCAG 2.2 requires, in every palette."""

import re
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import desktop.ui
from desktop.ui.app.main_window import MainWindow
from desktop.ui.pages.library.columns import Column
from desktop.ui.theme.palette import (
    BADGE_OPACITY,
    DARK,
    HAIRLINES,
    PALETTES,
    SHAPES_ON_SURFACES,
    STEM_COLOURS,
    SURFACES,
    TEXT_ON_FILLS,
    TEXT_ON_SURFACES,
    UNPLAYED_OPACITY,
    Colour,
    Palette,
    theme,
)
from desktop.ui.theme.style import create_style_sheet
from desktop.ui.widgets.button import PushButton
from tests.helpers.jobs import make_job

pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")
MIN_TEXT_CONTRAST, MIN_SHAPE_CONTRAST, MIN_HOVER_CONTRAST = 4.5, 3.0, 1.1
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
FILLS = {fill for _, fill in TEXT_ON_FILLS}
each_palette = pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)


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


@each_palette
def test_text_is_readable_on_every_surface_and_every_fill(palette: Palette) -> None:
    pairs = [*product(TEXT_ON_SURFACES, SURFACES), *TEXT_ON_FILLS]
    assert not [(text, below) for text, below in pairs if contrast(palette[text], palette[below]) < MIN_TEXT_CONTRAST]


@each_palette
def test_shapes_and_fills_are_visible_on_every_surface(palette: Palette) -> None:
    pairs = product((*SHAPES_ON_SURFACES, *FILLS), SURFACES)
    assert not [
        (shape, below) for shape, below in pairs if contrast(palette[shape], palette[below]) < MIN_SHAPE_CONTRAST
    ]


@each_palette
def test_half_transparent_colours_are_visible(palette: Palette) -> None:
    background, panel = palette[Colour.BACKGROUND], palette[Colour.PANEL]
    for colour in (Colour.ACCENT, *STEM_COLOURS.values()):
        unplayed = _blend(palette[colour], background, UNPLAYED_OPACITY)
        assert contrast(unplayed, background) >= MIN_SHAPE_CONTRAST, colour
        badge = _blend(palette[colour], panel, BADGE_OPACITY)
        assert contrast(palette[colour], badge) >= MIN_SHAPE_CONTRAST, colour


@each_palette
def test_hovered_and_selected_colours_differ_from_the_panel(palette: Palette) -> None:
    for colour in (Colour.HOVERED, Colour.SELECTED):
        assert contrast(palette[colour], palette[Colour.PANEL]) >= MIN_HOVER_CONTRAST


def test_every_colour_is_listed_in_a_table() -> None:
    texts_on_fills = {text for text, _ in TEXT_ON_FILLS}
    listed = {*SURFACES, *TEXT_ON_SURFACES, *SHAPES_ON_SURFACES, *texts_on_fills, *FILLS, *HAIRLINES}
    assert set(Colour) == listed


def test_colours_are_written_only_in_the_palette() -> None:
    folder = Path(desktop.ui.__file__).parent
    # Placeholder covers are pictures: no text is drawn on them.
    allowed = {folder / "theme" / "palette.py", folder / "pages" / "library" / "covers.py"}
    literal = re.compile(rf"{_HEX.pattern}|QColor\(\d|GlobalColor\.(?!transparent)")
    offending = [path.name for path in folder.rglob("*.py") if path not in allowed and literal.search(path.read_text())]
    assert not offending


def test_style_sheet_uses_colours_as_the_tables_allow() -> None:
    """Text has a text colour, backgrounds are surfaces, and hairlines are only borders and rules."""
    named = Palette(
        "names", {colour: f"#{colour.value:06x}" for colour in Colour}
    )  # each colour has a value of its own
    colours = {value: colour for colour, value in named.values.items()}
    sheet = create_style_sheet(named)
    rules = [(selector.strip(), _colour_properties(body, colours)) for selector, body in _RULE.findall(sheet)]
    assert len(rules) > 30
    for selector, properties in rules:
        background, text = properties.get("background"), properties.get("color")
        if background in FILLS:
            assert (text, background) in TEXT_ON_FILLS or text is None, selector
        elif text is not None:
            assert text in TEXT_ON_SURFACES, selector
        is_shape = any(part in selector for part in ("separator", "ScrollBar"))
        if background is not None and background not in FILLS and not is_shape:
            assert background in SURFACES, selector


def _colour_properties(body: str, colours: dict[str, Colour]) -> dict[str, Colour]:
    """Return the properties of a rule whose value is a plain colour."""
    parts = (part.split(":") for part in body.split(";") if ":" in part)
    return {name.strip(): colours[value.strip()] for name, value in parts if _HEX.fullmatch(value.strip())}


def _grab_image(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_checked_button_has_an_accent_line_below_focused_button_a_ring_and_hovered_button_a_border(
    qtbot: QtBot,
) -> None:
    def border_colours(is_checked: bool, has_focus: bool) -> tuple[str, str]:
        """Return the colours of the upper and of the lower border."""
        button = PushButton("Lanes")
        qtbot.addWidget(button)
        button.setCheckable(True)
        button.setChecked(is_checked)
        button.resize(80, 32)
        with qtbot.waitActive(button):
            button.show()
            button.activateWindow()
        (button.setFocus if has_focus else button.clearFocus)()
        assert button.hasFocus() == has_focus
        image = _grab_image(button)
        return image.pixelColor(40, 1).name(), image.pixelColor(40, 30).name()

    raised, selected, accent = (theme.palette[each] for each in (Colour.RAISED, Colour.SELECTED, Colour.ACCENT))
    assert border_colours(is_checked=False, has_focus=False) == (raised, raised)
    assert border_colours(is_checked=True, has_focus=False) == (selected, accent)
    assert border_colours(is_checked=False, has_focus=True) == (accent, accent)
    assert border_colours(is_checked=True, has_focus=True) == (accent, accent)
    sheet = create_style_sheet(DARK)
    assert "QPushButton:hover" in sheet
    assert DARK[Colour.RAIL] in sheet.split("QPushButton:hover", 1)[1].split("}", 1)[0]


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
        theme.colour(Colour.ACCENT),
        theme.colour(Colour.PANEL),
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
    assert focused.pixelColor(button.width() // 2, 1) == theme.colour(Colour.ACCENT)
