"""Names in the code are standard terms; words of a private dialect do not come back. docs/glossary.md has the words to use."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("desktop", "packaging", "scripts", "tests", "resources")
BANNED_NAMES = """
About Added AtRate Awake Banner Claims Companion Cut DropOrder Duty EngineRoom Farewell Form Given Growing GrowingPeaks
HeadGround HeldClaim How Keeper LaneHead Line Mark Note Reading RiffClaim RowPointer Shelf Start Unfinished WaitingHead
WindowMemory Work
aftermath anew attend bare_system cannot_start columns_fit farewell fills first_choice give_back given_by heir keepers
last_words lay_out leavings look look_back mind_the_draft onward prove rearranged rest_before said sealed seat settled
shelf strays told turns untold visitor whom
"""


def test_no_module_class_or_function_has_a_name_of_the_private_dialect() -> None:
    banned = set(BANNED_NAMES.split())
    assert not [f"{place}: {name}" for place, name in _definitions() if name.strip("_") in banned]


def _definitions() -> Iterator[tuple[str, str]]:
    """Yield the place and name of each module, class and function of the project."""
    for path in (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))):
        place = str(path.relative_to(ROOT))
        yield place, path.stem
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield f"{place}:{node.lineno}", node.name
