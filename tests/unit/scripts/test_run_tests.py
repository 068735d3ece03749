import sys
from pathlib import Path

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


def test_number_of_processes_on_the_command_line_is_kept() -> None:
    assert run_tests.parallel_options(DEFAULT, ["-n", "3", "tests/e2e"]) == []


@pytest.mark.parametrize("selection", ["faults", "fuzz", "bench"])
def test_faults_damaged_files_and_benchmarks_have_the_machine_for_themselves(selection: str) -> None:
    assert run_tests.parallel_options(selection, []) == []


@pytest.mark.parametrize(
    "rest", [["tests/unit/test_paths.py"], ["tests/unit/test_paths.py::test_x"], ["--pdb"], ["-s"]]
)
def test_single_file_and_a_debugger_stay_in_one_process(rest: list[str]) -> None:
    assert run_tests.parallel_options(DEFAULT, rest) == []


def test_failed_check_is_named_and_its_output_shown_apart_from_that_of_the_tests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_tests, "SCRIPTS", Path(sys.executable).parent)
    python = Path(sys.executable).name
    checks = {"style": (python, "-c", ""), "types": (python, "-c", "print('no type'); raise SystemExit(1)")}
    monkeypatch.setattr(run_tests, "CHECKS", checks)
    assert run_tests.Checks().wait() == ["types"]
    output = capsys.readouterr()
    assert output.out == "", "the closing line of pytest stays the last one"
    assert "style: good" in output.err
    assert "no type\ntypes: FAILED" in output.err
