"""Qt's own words are in the language of the app."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from desktop.text.catalogue import ENGLISH, use_language
from desktop.ui.system.application import translate_qt
from tests.helpers.catalogues import write_catalogue


@pytest.fixture(autouse=True)
def english(qapp: QApplication, tmp_path: Path) -> Iterator[None]:
    """Show text in English again at the end."""
    yield
    use_language(ENGLISH, tmp_path)
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)
        translator.deleteLater()


@pytest.mark.parametrize("language", ["de", "de-AT", "de_DE.UTF-8"])
def test_standard_buttons_and_keys_are_translated_with_the_app(
    qapp: QApplication, tmp_path: Path, language: str
) -> None:
    write_catalogue(tmp_path, "de", {"Stop": "Anhalten"})
    use_language(language, tmp_path)
    translate_qt(qapp)
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text() == "Abbrechen"
    assert QKeySequence("Ctrl+O").toString(QKeySequence.SequenceFormat.NativeText) == "Strg+O"


@pytest.mark.parametrize("language", ["de", "en", "en_XA"])
def test_qt_stays_english_without_a_catalogue_of_the_app(qapp: QApplication, tmp_path: Path, language: str) -> None:
    use_language(language, tmp_path)
    translate_qt(qapp)
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text().replace("&", "") == "Cancel"
