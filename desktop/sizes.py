"""Amounts of storage in words."""


def in_words(amount: float) -> str:
    """`5.1 GB`, `84 MB`: what a file manager shows."""
    return f"{amount / 1e9:.1f} GB" if amount >= 1e9 else f"{max(amount, 0) / 1e6:.0f} MB"
