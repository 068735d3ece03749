"""Levels in decibels: where a fader stands, how high a meter reaches, and how both read."""

import math

MIN_DB = -60.0
MAX_DB = 6.0
UNITY = 0.72
"""Place of 0 dB on a fader, so that the part where ears work takes most of the way."""
TAPER = math.log(UNITY) / math.log(-MIN_DB / (MAX_DB - MIN_DB))


def place_of(db: float) -> float:
    """Return where a fader stands for a level, 0 to 1."""
    part = (min(MAX_DB, max(MIN_DB, db)) - MIN_DB) / (MAX_DB - MIN_DB)
    return part**TAPER


def db_at(place: float) -> float:
    """Return the level of a fader that stands at `place`, 0 to 1."""
    return MIN_DB + (MAX_DB - MIN_DB) * min(1.0, max(0.0, place)) ** (1 / TAPER)


def height_of(peak: float) -> float:
    """Return how high a meter reaches for a linear peak, 0 to 1 over 60 dB."""
    return min(1.0, max(0.0, 1 - 20 * math.log10(peak) / MIN_DB)) if peak > 1e-6 else 0.0


def written(db: float) -> str:
    """Return a level as "−1.5 dB", with a real minus and no minus before zero; the bottom of a fader is silence."""
    if db <= MIN_DB:
        return "−∞ dB"
    tenths = round(db * 10)
    return f"{'−' if tenths < 0 else ''}{abs(tenths) / 10:.1f} dB"
