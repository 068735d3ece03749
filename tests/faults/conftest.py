"""Print the fault table at the end of a run: every fault test, and whether it passed."""

from pathlib import Path

import pytest

FOLDER_NAME = Path(__file__).parent.name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        (report.nodeid.rpartition("::test_")[2].replace("_", " "), outcome)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if f"/{FOLDER_NAME}/" in report.nodeid
    ]
    if rows:
        terminalreporter.section("faults")
        for fault, outcome in sorted(rows):
            terminalreporter.write_line(f"{'pass' if outcome == 'passed' else 'FAIL'}  {fault}")
