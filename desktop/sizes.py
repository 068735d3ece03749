"""Amounts of storage in words."""


def in_words(amount: float) -> str:
    """`5.1 GB`, `84 MB`, `12 kB`: what a file manager shows."""
    if amount >= 1e9:
        return f"{amount / 1e9:.1f} GB"
    return f"{amount / 1e6:.0f} MB" if amount >= 1e6 else f"{max(amount, 0) / 1e3:.0f} kB"
