"""The look's font is there, its signs can be drawn, and it is put on."""

from PySide6.QtGui import QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.paths import resources
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.icons import app_icon, awesome_icon, create_glyph_icon
from desktop.ui.theme.style import STYLESHEET


def test_inter_is_shipped_with_its_licence_and_found(qtbot: QtBot) -> None:
    assert "Inter" in QFontDatabase.families()
    for weight in (400, 500, 600, 700):
        assert QFontInfo(ui_font(13, weight)).family() == "Inter"
    assert "SIL OPEN FONT LICENSE" in (resources() / "fonts" / "OFL.txt").read_text()


def test_figures_have_one_width(qtbot: QtBot) -> None:
    metrics = QFontMetricsF(ui_font())
    assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1


def test_a_font_that_was_handed_out_can_be_changed_without_harm() -> None:
    ui_font(13).setUnderline(True)
    assert not ui_font(13).underline()


def test_stems_without_a_colour_of_their_own_are_drawn_like_other() -> None:
    assert tokens.stem_colour("vocals") == tokens.STEM_COLOURS["vocals"]
    assert tokens.stem_colour("didgeridoo") == tokens.STEM_COLOURS["other"]


def test_signs_are_drawn(qtbot: QtBot) -> None:
    assert not create_glyph_icon("retry", tokens.TEXT).isNull()
    assert not awesome_icon("mdi6.piano").isNull()
    assert not app_icon().pixmap(64, 64).isNull()


def test_the_theme_is_put_on(qapp: QApplication) -> None:
    assert qapp.styleSheet() == STYLESHEET
    assert "$" not in STYLESHEET
    assert qapp.palette().window().color().name() == tokens.BACKGROUND
    assert qapp.font().family() == "Inter"
    assert not qapp.windowIcon().isNull()
