"""The fault table: at the end of a run, every fault that was tried, and whether it was stood."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent.name


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        (report.nodeid.rpartition("::test_")[2].replace("_", " "), outcome)
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if f"/{HERE}/" in report.nodeid
    ]
    if rows:
        terminalreporter.section("faults")
        for sentence, outcome in sorted(rows):
            terminalreporter.write_line(f"{'pass' if outcome == 'passed' else 'FAIL'}  {sentence}")
