"""Numbers and transpositions as users type and read them."""

import pytest

from desktop.text.numbers import format_signed, parse_number
from desktop.text.transposition import describe_transposition, format_transposition, parse_transposition


@pytest.mark.parametrize(
    ("text", "number"), [("-3", -3), (" −3.5 dB ", -3.5), ("3,5db", 3.5), ("+2", 2), ("−∞", float("-inf"))]
)
def test_numbers_are_read_as_they_are_typed(text: str, number: float) -> None:
    assert parse_number(text, "dB") == number


@pytest.mark.parametrize("text", ["", "dB", "loud", "1 2", "nan"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - float and parse_number say different things
        parse_number(text, "dB")


@pytest.mark.parametrize(
    ("value", "text"), [(2, "+2"), (-0.5, "−0.5"), (10, "+10"), (0, "0"), (-0.001, "0"), (1.256, "+1.26")]
)
def test_signed_numbers_have_no_superfluous_zeros(value: float, text: str) -> None:
    assert format_signed(value, decimals=2) == text


@pytest.mark.parametrize(
    ("text", "cents"), [("2", 200), ("−2.5 st", -250), ("+0,25", 25), ("-250 ct", -250), ("30 cents", 30), ("0 st", 0)]
)
def test_transpositions_are_typed_in_semitones_or_cents(text: str, cents: float) -> None:
    assert parse_transposition(text) == cents


@pytest.mark.parametrize("cents", [-1200, -250, 0, 7, 100])
def test_a_shown_transposition_is_read_back(cents: float) -> None:
    assert parse_transposition(format_transposition(cents)) == cents


def test_transposition_is_spoken_in_words() -> None:
    assert [describe_transposition(cents) for cents in (-250, 0, 100)] == [
        "down 2.5 semitones",
        "not transposed",
        "up 1 semitone",
    ]
