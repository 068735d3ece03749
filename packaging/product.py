"""Name, identifier, summary and version of the app, as used in every package format."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "Unbraid"
IDENTIFIER = "app.unbraid.Unbraid"
SUMMARY = "Separates songs into stems on your own computer."
COPYRIGHT = "Unbraid's contributors; MIT licence"


def version() -> str:
    """Return the version in desktop/__init__.py. Raises ValueError if there is none."""
    text = (ROOT / "desktop" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    if not found:
        raise ValueError("desktop/__init__.py states no version of three numbers")
    return found[1]
