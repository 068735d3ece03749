"""The catalogue of translations that this process uses: gettext's files, or the pseudo-language of the tests."""

import gettext
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path

DOMAIN = "unbraid"
"""Base name of the catalogues: `LANGUAGE/LC_MESSAGES/unbraid.mo`."""
ENGLISH = "en"
PSEUDO_LANGUAGE = "en_XA"
"""Language whose every text is accented and in brackets, so that text that is not translated stands out."""
PSEUDO_START, PSEUDO_END = "⟦", "⟧"
LANGUAGE_VARIABLE = "UNBRAID_LANGUAGE"
_LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_ACCENTED = str.maketrans("aceinouyACEINOUY", "åçéîñöüýÅÇÉÎÑÖÜÝ")
# A field of a template, or an ampersand of Qt with its letter, is no text.
_FIELD = re.compile(r"(\{[^{}]*\}|&\w)")
_translations = gettext.NullTranslations()


class _PseudoTranslations(gettext.NullTranslations):
    """Translation into the pseudo-language."""

    def gettext(self, message: str) -> str:
        parts = _FIELD.split(message)  # fields have odd indexes
        accented = (part if index % 2 else part.translate(_ACCENTED) for index, part in enumerate(parts))
        return f"{PSEUDO_START}{''.join(accented)}{PSEUDO_END}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def use_language(language: str, folder: Path) -> None:
    """Show all text in `language`, such as "de" or "pt_BR", from the catalogues in `folder`.

    Without a catalogue, or with a damaged one, text stays English.
    """
    global _translations
    if language == PSEUDO_LANGUAGE:
        _translations = _PseudoTranslations()
        return
    try:
        _translations = gettext.translation(DOMAIN, folder, languages=[language], fallback=True)
    except (OSError, ValueError, struct.error):
        _translations = gettext.NullTranslations()


def find_language(folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of `UNBRAID_LANGUAGE`, or the first of the system that has a catalogue in `folder`."""
    if chosen := environment.get(LANGUAGE_VARIABLE):
        return chosen
    for name in _LOCALE_VARIABLES:
        for language in environment.get(name, "").split(":"):
            if language and gettext.find(DOMAIN, folder, [language]):
                return language
    return ENGLISH


def translate(text: str) -> str:
    """Return `text` in the language of this process."""
    # gettext reserves the empty text for the catalogue's header.
    return _translations.gettext(text) if text else ""


def translate_count(singular: str, plural: str, count: int) -> str:
    """Return the form for `count` in the language of this process."""
    return _translations.ngettext(singular, plural, count)
