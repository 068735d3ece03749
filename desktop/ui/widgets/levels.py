"""Levels in decibels: fader taper, meter scale, and text."""

import math

from desktop.playback.mix import MAX_DB, MIN_DB, clamp_db
from desktop.text.numbers import MINUS, parse_number

UNITY_POSITION = 0.72
"""Position of 0 dB on a fader, 0 to 1; the range that matters to the ear takes most of the travel."""
TAPER_EXPONENT = math.log(UNITY_POSITION) / math.log(-MIN_DB / (MAX_DB - MIN_DB))


def fader_position(db: float) -> float:
    """Return the fader position, 0 to 1, of a level in decibels."""
    fraction = (clamp_db(db) - MIN_DB) / (MAX_DB - MIN_DB)
    return fraction**TAPER_EXPONENT


def db_at_position(position: float) -> float:
    """Return the level in decibels of a fader `position`, 0 to 1."""
    return MIN_DB + (MAX_DB - MIN_DB) * min(1.0, max(0.0, position)) ** (1 / TAPER_EXPONENT)


def meter_fraction(level: float) -> float:
    """Return the length of a meter, 0 to 1 over 60 dB, for a linear level."""
    return min(1.0, max(0.0, 1 - 20 * math.log10(level) / MIN_DB)) if level > 1e-6 else 0.0


def format_db(db: float) -> str:
    """Return a level as "−1.5 dB", with a true minus sign and no minus before zero; −60 dB and less is "−∞ dB"."""
    if db <= MIN_DB:
        return "−∞ dB"
    tenths = round(db * 10)
    return f"{MINUS if tenths < 0 else ''}{abs(tenths) / 10:.1f} dB"


def parse_db(text: str) -> float:
    """Return the level that `text` says, with or without "dB", limited to the fader; "-inf" is its bottom.

    Raises ValueError.
    """
    return clamp_db(parse_number(text, "dB"))
