"""Messages keep their template and arguments, and are shown in the language of the process."""

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from desktop.errors import DuplicateTrackError, StorageError
from desktop.text.catalogue import ENGLISH, PSEUDO_LANGUAGE, find_language, use_language
from desktop.text.message import (
    Message,
    count_message,
    join_messages,
    message_from_json,
    message_to_json,
    tr,
    tr_count,
    verbatim,
)
from scripts.update_catalogues import create_catalogue, find_catalogues, update_catalogue

FULL = Message("The stems of {name} need {needed:size}: {reason}.", name="ä {b}.wav", needed=5_100_000_000,
               reason=Message("the disk is full"))  # fmt: skip
FULL_TEXT = "The stems of ä {b}.wav need 5.1 GB: the disk is full."


@pytest.fixture(autouse=True)
def english(tmp_path: Path) -> Iterator[None]:
    yield
    use_language(ENGLISH, tmp_path)


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """A folder with a German catalogue, compiled as a release has it."""
    template = Catalog()
    for message in ("Stop", ("{count} song", "{count} songs"), "the disk is full", "{name} is damaged."):
        template.add(message)
    template.add(FULL.template)
    create_catalogue(tmp_path, "de")
    ((language, path),) = find_catalogues(tmp_path)
    assert update_catalogue(path, language, template) == len(template)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    translations = {
        "Stop": "Anhalten", "{count} song": ("{count} Lied", "{count} Lieder"), "the disk is full": "der Datenträger ist voll",
        FULL.template: "{reason}: Die Spuren von {name} brauchen {needed:size}.", "{name} is damaged.": "{nmae} ist defekt.",
    }  # fmt: skip
    for message in catalogue:
        if message.id:
            message.string = translations[message.id if isinstance(message.id, str) else message.id[0]]
    with path.open("wb") as file:
        write_po(file, catalogue)
    assert update_catalogue(path, language, template) == 0
    return tmp_path


def test_message_is_english_text_without_a_catalogue() -> None:
    assert str(FULL) == f"{FULL}" == FULL_TEXT
    assert f"{FULL:.9}" == "The stems"


def test_template_without_arguments_keeps_its_braces() -> None:
    assert str(Message("{name} is damaged.")) == "{name} is damaged."
    assert str(Message("{name} is damaged.").with_arguments(name="a.wav")) == "a.wav is damaged."


@pytest.mark.parametrize(("count", "text"), [(0, "0 songs in a"), (1, "1 song in a"), (2, "2 songs in a")])
def test_count_chooses_the_form(count: int, text: str) -> None:
    assert tr_count("{count} song in {folder}", "{count} songs in {folder}", count, folder="a") == text


def test_joined_messages_are_one_message() -> None:
    assert str(join_messages(Message("It broke."), Message("Mend it."))) == "It broke. Mend it."
    assert str(join_messages(Message("a"), Message("b"), separator=", ")) == "a, b"


@pytest.mark.parametrize(
    "message",
    [
        FULL,
        verbatim("{x} 100 %"),
        count_message("{count} song", "{count} songs", 3),
        join_messages(FULL, Message("Free up space.")),
        Message("Stop"),
    ],
)
def test_message_survives_json_and_pickle(message: Message) -> None:
    assert message_from_json(message_to_json(message)) == message
    assert pickle.loads(pickle.dumps(message)) == message
    assert len({message, message_from_json(message_to_json(message))}) == 1


@pytest.mark.parametrize(
    "text", ["The disk is full.", "{x} is full.", "", "[1]", '{"a": 1}', "null", "7", '"text"', "[" * 100_000]
)
def test_text_of_an_earlier_version_is_shown_as_it_is(text: str) -> None:
    assert str(message_from_json(text)) == text


def test_error_shows_problem_and_advice_and_survives_pickle() -> None:
    error = StorageError(Message("{name} broke.", name="a"), Message("Mend it."))
    assert str(error) == str(pickle.loads(pickle.dumps(error))) == "a broke. Mend it."
    assert (str(error.problem), str(error.advice)) == ("a broke.", "Mend it.")
    assert str(DuplicateTrackError(Message("There."), "id", in_bin=False)) == "There."


def test_messages_are_shown_in_the_language_of_the_process(german: Path) -> None:
    use_language("de", german)
    assert tr("Stop") == "Anhalten"
    assert [tr_count("{count} song", "{count} songs", count) for count in (1, 2)] == ["1 Lied", "2 Lieder"]
    assert str(FULL) == "der Datenträger ist voll: Die Spuren von ä {b}.wav brauchen 5.1 GB."
    assert str(message_from_json(message_to_json(FULL))) == str(FULL)
    assert tr("Not in the catalogue") == "Not in the catalogue"
    assert tr("") == ""


def test_translation_with_wrong_fields_is_shown_in_english(german: Path) -> None:
    use_language("de", german)
    assert tr("{name} is damaged.", name="a.wav") == "a.wav is damaged."


@pytest.mark.parametrize("content", [b"", b"damaged", b"\xde\x12\x04\x95" + bytes(range(24))])
def test_damaged_catalogue_leaves_the_text_english(german: Path, content: bytes) -> None:
    next(german.glob("de/*/unbraid.mo")).write_bytes(content)
    use_language("de", german)
    assert tr("Stop") == "Stop"


@pytest.mark.parametrize(
    ("language", "catalogue"),
    [
        ("pt-BR", "pt_BR"),
        ("pt_BR", "pt"),
        ("de_DE.UTF-8", "de"),
        ("de_AT.UTF-8@euro", "de_AT"),
        ("sr_RS@latin", "sr@latin"),
        ("zh_Hant_TW", "zh_Hant"),
        ("zh-Hant-TW", "zh_Hant_TW"),
        ("zh_Hant_TW", "zh"),
    ],
)
def test_language_finds_its_own_catalogue_or_a_more_general_one(german: Path, language: str, catalogue: str) -> None:
    (german / "de").rename(german / catalogue)
    use_language(language, german)
    assert tr("Stop") == "Anhalten"
    assert find_language(german, {"LANG": language}) == language


def test_pseudo_language_marks_text_and_keeps_fields(tmp_path: Path) -> None:
    use_language(PSEUDO_LANGUAGE, tmp_path)
    assert str(FULL) == "⟦Thé stéms öf ä {b}.wav ñééd 5.1 GB: ⟦thé dîsk îs füll⟧.⟧"
    assert tr("&Open") == "⟦&Öpéñ⟧"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "de_DE.UTF-8"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C", "LC_ALL": "de"}, "de"),
        ({"LANGUAGE": "fr:de", "LANG": "fr_FR"}, "de"),
        ({"UNBRAID_LANGUAGE": "en", "LANG": "de_DE"}, "en"),
    ],
)
def test_language_is_the_chosen_one_or_the_first_of_the_system_with_a_catalogue(
    german: Path, environment: dict[str, str], language: str
) -> None:
    assert find_language(german, environment) == language
