"""Compiled catalogues with translations of a test's own."""

from collections.abc import Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo


def write_catalogue(folder: Path, language: str, translations: Mapping[str, str]) -> None:
    """Write the compiled catalogue of `language` into `folder`, as `./unbraid messages` does."""
    catalogue = Catalog(language)
    for text, translation in translations.items():
        catalogue.add(text, translation)
    path = folder / language / "LC_MESSAGES" / "unbraid.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalogue)
