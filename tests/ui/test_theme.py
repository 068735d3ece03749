"""The look's colours can be read, its font is there, its signs can be drawn."""

from PySide6.QtGui import QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.paths import resources
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.glyphs import glyph_icon
from desktop.ui.theme.icons import app_icon, icon
from desktop.ui.theme.stylesheet import STYLESHEET


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_can_be_read_on_every_ground() -> None:
    for ground in (tokens.BACKGROUND, tokens.PANEL, tokens.RAISED, tokens.SELECTED, tokens.HOVERED):
        for words in (tokens.TEXT, tokens.DIM, tokens.GOOD, tokens.BAD, *tokens.STEM_COLOURS.values()):
            assert _contrast(words, ground) >= 4.5, (words, ground)
    assert _contrast(tokens.ON_ACCENT, tokens.ACCENT) >= 4.5


def test_the_ring_of_focus_can_be_seen() -> None:
    for ground in (tokens.BACKGROUND, tokens.PANEL, tokens.RAISED, tokens.SELECTED):
        assert _contrast(tokens.ACCENT, ground) >= 3


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
    assert not glyph_icon("retry", tokens.TEXT).isNull()
    assert not icon("mdi6.piano").isNull()
    assert not app_icon().pixmap(64, 64).isNull()


def test_the_theme_is_put_on(qapp: QApplication) -> None:
    assert qapp.styleSheet() == STYLESHEET
    assert "$" not in STYLESHEET
    assert qapp.palette().window().color().name() == tokens.BACKGROUND
    assert qapp.font().family() == "Inter"
    assert not qapp.windowIcon().isNull()
