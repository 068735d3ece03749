"""The stretcher is compiled by set-up once for each recipe, and set-up goes on without it."""

from pathlib import Path

import pytest
import setup_stretch
from setup_environment import Environment

WORKING = """
import sys
from pathlib import Path
with Path(sys.argv[1], "library").open("a") as file:
    file.write("compiled\\n")
"""
FAILING = "import sys; sys.exit('there is no compiler')"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    environment = Environment(tmp_path)
    environment.state_folder.mkdir(parents=True)
    return environment


def install(environment: Environment, recipe: str) -> str:
    """Set up with `recipe` and return what the recipe has left behind."""
    root = environment.folder.parent
    (root / "packaging" / "stretch").mkdir(parents=True, exist_ok=True)
    (root / "packaging" / "stretch" / "build.py").write_text(recipe, encoding="utf-8")
    setup_stretch.install(environment, root)
    library = environment.state_folder / "library"
    return library.read_text() if library.exists() else ""


def test_it_is_compiled_once_and_again_after_its_recipe_has_changed(environment: Environment) -> None:
    assert install(environment, WORKING) == "compiled\n"
    assert install(environment, WORKING) == "compiled\n"
    assert install(environment, WORKING + "# changed") == "compiled\n" * 2


def test_setup_goes_on_without_a_compiler_and_tries_again_the_next_time(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(environment, FAILING) == ""
    assert "a slower one is used" in capsys.readouterr().err
    assert "there is no compiler" in environment.log.read_text()
    assert install(environment, WORKING) == "compiled\n"


def test_checkout_without_the_recipe_is_set_up_without_a_word(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    setup_stretch.install(environment, environment.folder.parent)
    assert capsys.readouterr().err == ""
