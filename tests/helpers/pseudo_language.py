"""Find text that the pseudo-language leaves in English, and so no translation could reach."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop.text.catalogue import ENGLISH, PSEUDO_END, PSEUDO_LANGUAGE, PSEUDO_START, use_language

# A translated word has none of the letters that the pseudo-language accents.
_PLAIN_LETTER = re.compile("[aceinouyACEINOUY]")
_PATH_OR_ID = re.compile(rf"(?<!\w)/[^\s{PSEUDO_END}]*|\b[0-9a-f]{{8}}\b(-[0-9a-f-]{{27}}\b)?")
_TOKEN = re.compile(rf"{PSEUDO_START}|{PSEUDO_END}|\w[\w@.'-]*")
_NAMES = {"Unbraid", "unbraid", "kB", "MB", "GB", "dB"}


def untranslated_words(text: str, names: Collection[str] = ()) -> list[str]:
    """Return the words of `text` outside of the brackets, and words inside that are not translated.

    Paths, ids, numbers, units and `names` are left out.
    """
    found, depth = list[str](), 0
    for match in _TOKEN.finditer(_PATH_OR_ID.sub("", text.replace("&", ""))):
        token = match[0].rstrip(".'-")
        if token in (PSEUDO_START, PSEUDO_END):
            depth += 1 if token == PSEUDO_START else -1
            continue
        is_name = token in _NAMES or token in names or not re.search(r"[^\W\d_]", token)
        if not is_name and (depth == 0 or _PLAIN_LETTER.search(token)):
            found.append(token)
    return found


def find_untranslated(texts: Iterable[str | None], names: Collection[str] = ()) -> dict[str, list[str]]:
    """Return the texts that have untranslated words, with these words."""
    return {text: words for text in texts if text and (words := untranslated_words(text, names))}


@contextmanager
def use_pseudo_language() -> Iterator[None]:
    """Show text of this process in the pseudo-language, and in English again at the end."""
    use_language(PSEUDO_LANGUAGE, Path())
    try:
        yield
    finally:
        use_language(ENGLISH, Path())
