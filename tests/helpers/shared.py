"""Paths of the shared fixtures and tools, which lie beside every checkout."""

from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"
FIXTURES = SHARED / "fixtures"
TOOLS = SHARED / "tools"
