import pytest
import run_tests

DEFAULT = "not release and not faults and not bench and not fuzz"


@pytest.mark.parametrize(
    ("arguments", "selection", "rest"),
    [
        (["test"], DEFAULT, []),
        (["test", "-k", "name"], DEFAULT, ["-k", "name"]),
        (["test", "release"], "release", []),
        (["test", "faults"], "faults", []),
        (["test", "faults", "-x"], "faults", ["-x"]),
        (["test", "fuzz", "-x"], "fuzz", ["-x"]),
        (["bench"], "bench", ["-s"]),
    ],
)
def test_arguments_select_the_tests(arguments: list[str], selection: str, rest: list[str]) -> None:
    assert run_tests.select_tests(arguments) == (selection, rest)


@pytest.mark.parametrize("rest", [[], ["tests/unit/audio"], ["-x"], ["tests/unit/test_paths.py", "tests/unit/audio"]])
@pytest.mark.parametrize("selection", [DEFAULT, "release"])
def test_tests_run_in_several_processes_each_file_in_one(selection: str, rest: list[str]) -> None:
    options = run_tests.parallel_options(selection, rest)
    assert options[0] == "-n"
    assert int(options[1]) >= 2
    assert "loadfile" in options


@pytest.mark.parametrize("selection", ["faults", "fuzz", "bench"])
def test_faults_damaged_files_and_benchmarks_have_the_machine_for_themselves(selection: str) -> None:
    assert run_tests.parallel_options(selection, []) == []


@pytest.mark.parametrize(
    "rest", [["tests/unit/test_paths.py"], ["tests/unit/test_paths.py::test_x"], ["--pdb"], ["-s"]]
)
def test_single_file_and_a_debugger_stay_in_one_process(rest: list[str]) -> None:
    assert run_tests.parallel_options(DEFAULT, rest) == []
