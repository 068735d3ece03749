"""Numbers as users type and read them: with a true minus sign, a decimal comma or point, and a unit."""

import math

MINUS = "−"
"""Minus sign (U+2212), as wide as a digit."""


def parse_number(text: str, *units: str) -> float:
    """Return the number in `text`: "-3", "−3.5 dB" or "3,5", with one of `units` after it or none; "∞" is infinite.

    Raises ValueError if it is none.
    """
    number = text.strip().casefold()
    unit = next((unit for unit in units if number.endswith(unit.casefold())), "")
    number = number.removesuffix(unit.casefold()).strip()
    value = float(number.replace(MINUS, "-").replace(",", ".").replace("∞", "inf"))
    if math.isnan(value):
        raise ValueError(f"not a number: {text}")
    return value


def format_signed(value: float, decimals: int = 0) -> str:
    """Return a number with its sign, "+2" or "−0.5", without zeros after the decimal point; 0 has no sign."""
    digits = f"{abs(value):.{decimals}f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits if not float(digits) else f"{MINUS if value < 0 else '+'}{digits}"
