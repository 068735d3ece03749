"""The theme: Inter is bundled, icons can be drawn, and the theme is applied to the application."""

import pytest
from PySide6.QtGui import QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.paths import resources
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.icons import app_icon, awesome_icon, create_glyph_icon
from desktop.ui.theme.palette import DARK, Colour, stem_colour
from desktop.ui.theme.style import create_style_sheet


def test_inter_font_is_bundled_with_its_licence_and_found_by_qt(qtbot: QtBot) -> None:
    assert "Inter" in QFontDatabase.families()
    for weight in (400, 500, 600, 700):
        assert QFontInfo(ui_font(13, weight)).family() == "Inter"
    assert "SIL OPEN FONT LICENSE" in (resources() / "fonts" / "OFL.txt").read_text()


def test_digits_have_equal_width(qtbot: QtBot) -> None:
    metrics = QFontMetricsF(ui_font())
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1


def test_changing_a_returned_font_does_not_change_the_next_one() -> None:
    ui_font(13).setUnderline(True)
    assert not ui_font(13).underline()


def test_stem_without_its_own_colour_has_the_colour_of_other() -> None:
    assert stem_colour("vocals") is Colour.VOCALS
    assert stem_colour("didgeridoo") is Colour.OTHER


def test_icons_can_be_drawn(qtbot: QtBot) -> None:
    assert not create_glyph_icon("repeat", Colour.TEXT).isNull()
    assert not awesome_icon("mdi6.piano").isNull()
    assert not app_icon().pixmap(64, 64).isNull()


def test_unknown_icon_is_an_error(qtbot: QtBot) -> None:
    with pytest.raises(KeyError):
        create_glyph_icon("stopp", Colour.TEXT)


def test_theme_is_applied_to_the_application(qapp: QApplication) -> None:
    assert qapp.styleSheet() == create_style_sheet(DARK)
    assert "$" not in qapp.styleSheet()
    assert qapp.palette().window().color().name() == DARK[Colour.BACKGROUND]
    assert qapp.font().family() == "Inter"
    assert not qapp.windowIcon().isNull()
