"""Counts as text."""


def format_count(count: int, singular: str, plural: str = "") -> str:
    """Return `count` with its noun: "1 song", "3 songs".

    `plural` is `singular` with an "s" if not given. Both may be longer phrases: "song was", "songs were".
    """
    return f"{count} {singular if count == 1 else plural or f'{singular}s'}"
