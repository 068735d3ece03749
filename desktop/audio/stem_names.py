"""Names of ready-made stems and of their song, from the names of their files."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from desktop.audio.names import make_distinct, natural_sort_key, safe_file_name

_SYNONYMS = {
    "vocals": "vocals vocal vox voc voice voices singing singer acapella acappella",
    "drums": "drums drum drumkit percussion perc",
    "bass": "bass bassline",
    "guitar": "guitar guitars gtr gtrs",
    "piano": "piano pianos keys keyboard keyboards",
    "other": "other others rest residual",
}
_NAME_OF_WORD = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
# Words that describe an instrument and are part of no other name.
_QUALIFIERS = frozenset(("stem", "stems", "track", "audio", "only", "isolated"))
# Words in front of a name that turn it into its opposite.
_NEGATIONS = frozenset(("no", "non", "not", "without", "minus", "less"))
_MIXTURES = frozenset(("mix", "mixture", "mixdown", "full mix", "master", "original", "original mix", "full song"))
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile("[0-9]+")
_MAX_NAME_BYTES = 40
_SONG_SEPARATORS = " \t-–—_.,·([{"


class NamedStems(NamedTuple):
    """Names of the stems of one song."""

    names: tuple[str, ...]
    """A distinct name for each file; that of a mixture is of no use."""
    mixtures: tuple[int, ...]
    """Places of the files that are the whole song, by their names."""
    song: str
    """What the names of the files say of the song, such as "Artist - Title"; empty if nothing."""


def name_stems(file_names: Sequence[str]) -> NamedStems:
    """Return what the names of files, without suffix, say of the stems in them and of their song.

    A stem that they call by a usual word gets its standard name: "vocals" for "Artist - Title (Vox)"; two files with
    the same standard name, such as lead and backing vocals, keep their own words, as all other stems do.
    """
    song, own_parts = _split_common_start(file_names)
    own = [_own_words(part) or _own_words(name) or name for part, name in zip(own_parts, file_names, strict=True)]
    standard = [_standard_name(words) for words in own]
    mixtures = tuple(place for place, words in enumerate(own) if words.lower() in _MIXTURES)
    names = [name if name and standard.count(name) == 1 else words for name, words in zip(standard, own, strict=True)]
    safe_names = make_distinct([safe_file_name(name, _MAX_NAME_BYTES) for name in names])
    return NamedStems(tuple(safe_names), mixtures, song)


def _split_common_start(file_names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the words that all names begin with, and what is left of each without the words that all end with.

    Names of instruments are left where they are.
    """
    words = [list(_WORD.finditer(name)) for name in file_names]
    texts = [[word[0].casefold() for word in found] for found in words]
    shortest = min(map(len, texts), default=0)
    start = _count_equal(texts, shortest)
    if len(file_names) < 2:  # a lone file begins and ends as all do
        return "", list(file_names)
    end = _count_equal([list(reversed(found)) for found in texts], shortest - start)
    parts = [
        name[found[start].start() : found[len(found) - end - 1].end()] if start < len(found) - end else ""
        for name, found in zip(file_names, words, strict=True)
    ]
    song = file_names[0][words[0][0].start() : words[0][start - 1].end()] if start else ""
    return song.replace("_", " ").strip(_SONG_SEPARATORS), parts


def _count_equal(texts: Sequence[Sequence[str]], limit: int) -> int:
    """Return how many of the first words, at most `limit`, are the same in all texts and name no instrument."""
    for place in range(limit):
        words = {text[place] for text in texts}
        if len(words) > 1 or not words.isdisjoint(_NAME_OF_WORD):
            return place
    return limit


def _own_words(part: str) -> str:
    """Return the words of a part of a file's name, without a leading number and without words that say nothing.

    Return nothing for a part that is only a number.
    """
    words = _WORD.findall(part)
    if all(map(_NUMBER.fullmatch, words)):
        return ""
    while len(words) > 1 and _NUMBER.fullmatch(words[0]):
        del words[0]
    telling = [word for word in words if word.lower() not in _QUALIFIERS]
    return " ".join(telling or words)


def _standard_name(words: str) -> str:
    """Return the standard name of a stem that is called by a usual word; empty if there is none."""
    texts = natural_sort_key(words).split()
    if not _NEGATIONS.isdisjoint(texts):
        return ""
    if "bass" in texts and not {"guitar", "gtr"}.isdisjoint(texts):
        return "bass"
    return next((_NAME_OF_WORD[text] for text in reversed(texts) if text in _NAME_OF_WORD), "")
