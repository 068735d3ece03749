import pytest
import run_tests


@pytest.mark.parametrize(
    ("words", "selection", "rest"),
    [
        (["test"], "not faults and not bench and not fuzz", []),
        (["test", "-k", "name"], "not faults and not bench and not fuzz", ["-k", "name"]),
        (["test", "faults"], "faults", []),
        (["test", "faults", "-x"], "faults", ["-x"]),
        (["test", "fuzz", "-x"], "fuzz", ["-x"]),
        (["bench"], "bench", ["-s"]),
    ],
)
def test_words_choose_the_tests(words: list[str], selection: str, rest: list[str]) -> None:
    assert run_tests.select_tests(words) == (selection, rest)
