"""The packaged app has every module that the app imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

from excluded_modules import EXCLUDED

from tests.unit.packaging.conftest import ROOT

# The package python_stretch is used only where there is no compiled stretcher, and the packaged app has one.
NEVER_NEEDED = [name for name in EXCLUDED if name != "python_stretch"]


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, anywhere in it; some are names of objects in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_app_imports_no_module_that_is_left_out_of_the_package() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "desktop").rglob("*.py")
        for name in imported_modules(path)
        if any(f"{name}.".startswith(f"{left_out}.") for left_out in NEVER_NEEDED)
    }
    assert not missing
