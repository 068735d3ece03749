import pytest
import run_tests


@pytest.mark.parametrize(
    ("arguments", "selection", "rest"),
    [
        (["test"], "not faults and not bench and not fuzz", []),
        (["test", "-k", "name"], "not faults and not bench and not fuzz", ["-k", "name"]),
        (["test", "faults"], "faults", []),
        (["test", "faults", "-x"], "faults", ["-x"]),
        (["test", "fuzz", "-x"], "fuzz", ["-x"]),
        (["bench"], "bench", ["-s"]),
    ],
)
def test_arguments_select_the_tests(arguments: list[str], selection: str, rest: list[str]) -> None:
    assert run_tests.select_tests(arguments) == (selection, rest)
