"""Make the modules of packaging/ importable, and those of scripts/ that they use: they are no packages."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "packaging"), str(ROOT / "scripts")]
