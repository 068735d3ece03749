"""Titles of models have translations, which their own names in the list of models cannot have."""

import pytest

from desktop.models.catalogue import CatalogueEntry, catalogue
from desktop.models.titles import find_model_title
from desktop.text.message import verbatim
from tests.helpers.pseudo_language import untranslated_words


@pytest.mark.usefixtures("pseudo_language")
@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.name)
def test_title_of_each_downloadable_model_is_translated(entry: CatalogueEntry) -> None:
    assert find_model_title(entry.name, entry.title).template == entry.title
    assert find_model_title(entry.name) == find_model_title(entry.name, entry.title)
    assert not untranslated_words(str(find_model_title(entry.name)))


def test_imported_model_is_called_by_its_own_title_or_name() -> None:
    assert find_model_title("mine", "My own") == verbatim("My own")
    assert find_model_title("mine") == verbatim("mine")
    assert str(find_model_title("htdemucs", "My own")) == "My own"
