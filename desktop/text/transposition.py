"""Transposition as users type and read it: in semitones, with cents after the decimal point."""

from desktop.text.message import tr
from desktop.text.numbers import format_signed, parse_number

CENTS_PER_SEMITONE = 100


def format_transposition(cents: float) -> str:
    """Return a transposition as "+2 st", "−2.5 st" or "0 st"."""
    return tr("{semitones} st", semitones=format_signed(cents / CENTS_PER_SEMITONE, decimals=2))


def describe_transposition(cents: float) -> str:
    """Return a transposition as a screen reader should speak it: "up 2 semitones"."""
    semitones = format_signed(abs(cents) / CENTS_PER_SEMITONE, decimals=2).lstrip("+")
    if cents < 0:
        return tr("down {semitones} semitones", semitones=semitones)
    return tr("up {semitones} semitones", semitones=semitones) if cents else tr("not transposed")


def parse_transposition(text: str) -> float:
    """Return the cents of a text in semitones, "−2.5" or "+2 st", or in cents, "−250 ct". Raises ValueError."""
    if text.strip().casefold().endswith(("ct", "cents", "cent")):
        return parse_number(text, "cents", "cent", "ct")
    return parse_number(text, str(tr("{semitones} st", semitones="")).strip(), "st") * CENTS_PER_SEMITONE
