"""Transposition as users type and read it: in semitones, with cents after the decimal point."""

from desktop.text.message import tr, tr_count
from desktop.text.numbers import format_signed, parse_number

CENTS_PER_SEMITONE = 100


def format_transposition(cents: float) -> str:
    """Return a transposition as "+2 st", "−2.5 st" or "0 st"."""
    return tr("{semitones} st", semitones=format_signed(cents / CENTS_PER_SEMITONE, decimals=2))


def describe_transposition(cents: float) -> str:
    """Return a transposition as a screen reader should speak it: "up 2 semitones"."""
    if not cents:
        return tr("not transposed")
    interval = _describe_interval(abs(cents) / CENTS_PER_SEMITONE)
    return tr("up {interval}", interval=interval) if cents > 0 else tr("down {interval}", interval=interval)


def _describe_interval(semitones: float) -> str:
    if semitones == int(semitones):
        return tr_count("{count} semitone", "{count} semitones", int(semitones))
    return tr("{number} semitones", number=format_signed(semitones, decimals=2).removeprefix("+"))


def parse_transposition(text: str) -> float:
    """Return the cents of a text in semitones, "−2.5" or "+2 st", or in cents, "−250 ct". Raises ValueError."""
    if text.strip().casefold().endswith(("ct", "cents", "cent")):
        return parse_number(text, "cents", "cent", "ct")
    semitones = parse_number(text, tr("{semitones} st", semitones="").strip(), "st")
    return round(semitones * CENTS_PER_SEMITONE, 3)
