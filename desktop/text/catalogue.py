"""The catalogue of translations that this process uses: gettext's files, or the pseudo-language of the tests."""

import gettext
import os
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
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
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}(\.[\w-]+)?(@\w+)?")
_FIELD = re.compile(r"(\{[^{}]*\})")
_translations = gettext.NullTranslations()
_shown_language = ENGLISH


class _PseudoTranslations(gettext.NullTranslations):
    """Translation into the pseudo-language."""

    def gettext(self, message: str) -> str:
        parts = _FIELD.split(message)  # fields have odd indexes
        accented = (part if index % 2 else part.translate(_ACCENTED) for index, part in enumerate(parts))
        return f"{PSEUDO_START}{''.join(accented)}{PSEUDO_END}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def use_language(language: str, folder: Path) -> None:
    """Show all text in `language`, such as "de", "pt-BR" or "de_DE.UTF-8", from the catalogues in `folder`.

    Without a catalogue, or with a damaged one, text stays English.
    """
    global _translations, _shown_language
    _translations, _shown_language = gettext.NullTranslations(), ENGLISH
    names = _catalogue_names(language)
    if names[0] == PSEUDO_LANGUAGE:
        _translations = _PseudoTranslations()
        return
    with suppress(OSError, ValueError, struct.error):
        _translations = gettext.translation(DOMAIN, folder, languages=names)
        _shown_language = names[0]


def shown_language() -> str:
    """Return the language of the catalogue in use, such as "pt_BR"; "en" without one."""
    return _shown_language


def find_language(folder: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of `UNBRAID_LANGUAGE`, or the first of the system that has a catalogue in `folder`."""
    if chosen := environment.get(LANGUAGE_VARIABLE):
        return chosen
    for name in _LOCALE_VARIABLES:
        for language in environment.get(name, "").split(":"):
            if language and gettext.find(DOMAIN, folder, _catalogue_names(language)):
                return language
    return ENGLISH


def is_language(text: str) -> bool:
    """Return whether `text` has the form of a language: "de", "pt-BR", "zh_Hant_TW", or a system's "de_DE.UTF-8"."""
    return bool(_LANGUAGE.fullmatch(text))


def _catalogue_names(language: str) -> list[str]:
    """Return the names of the catalogues for `language`, most specific first: "zh_Hant_TW", "zh_Hant", "zh"."""
    code, *modifier = re.sub(r"\.[\w-]+", "", language).replace("-", "_").split("@", 1)
    parts = code.split("_")
    names = ["_".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return [*(f"{name}@{modifier[0]}" for name in names if modifier), *names]


def translate(text: str) -> str:
    """Return `text` in the language of this process."""
    # gettext reserves the empty text for the catalogue's header.
    return _translations.gettext(text) if text else ""


def translate_count(singular: str, plural: str, count: int) -> str:
    """Return the form for `count` in the language of this process."""
    return _translations.ngettext(singular, plural, count)
