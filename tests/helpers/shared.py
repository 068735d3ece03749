"""Where the fixtures lie that every checkout has beside it."""

from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"
FIXTURES = SHARED / "fixtures"
TOOLS = SHARED / "tools"
