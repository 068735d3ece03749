"""Crash reports: their contents, how many are kept, and which exits leave none. The processes are real."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desktop.paths import Home
from desktop.runtime.crash_handler import collect_crash_dumps
from desktop.runtime.crash_reports import MAX_REPORTS, report_header, write_report
from tests.helpers.command import ROOT

INSTALL_HANDLER = """
import ctypes, os, signal, sys, threading
from pathlib import Path
from desktop.runtime.crash_reports import mark_reported, mark_unreported
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.logging_setup import configure_logging
from desktop.paths import Home

configure_logging(Home(Path(sys.argv[1])), "window")
process_crash_handler.install(Home(Path(sys.argv[1])), "window")
"""
FATAL_SIGNALS = [
    number for name in ("SIGSEGV", "SIGABRT", "SIGFPE", "SIGBUS") if (number := getattr(signal, name, None))
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def run(home: Home, code: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", INSTALL_HANDLER + code, str(home.root)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def only_report(home: Home) -> str:
    (report,) = home.crashes.glob("*.txt")
    return report.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", FATAL_SIGNALS)
def test_native_crash_is_reported_once_by_the_next_process(home: Home, number: signal.Signals) -> None:
    assert run(home, f"os.kill(os.getpid(), {int(number)})").returncode == -number
    (report,) = collect_crash_dumps(home.crashes, "window")
    text = report.read_text(encoding="utf-8")
    assert "Fatal Python error" in text
    assert all(fact in text for fact in ("Unbraid: ", "Process: window", "System: ", "Python: ", "most recent call"))
    assert collect_crash_dumps(home.crashes, "window") == []
    assert list(home.crashes.iterdir()) == [report]


def test_native_crash_report_has_the_stack_of_every_thread(home: Home) -> None:
    run(home, "def fall(): ctypes.string_at(0)\nt = threading.Thread(target=fall); t.start(); t.join()")
    (report,) = collect_crash_dumps(home.crashes, "window")
    text = report.read_text(encoding="utf-8")
    assert "in fall" in text
    assert "in <module>" in text


def test_normal_exit_leaves_no_files(home: Home) -> None:
    assert run(home, "print('done')").returncode == 0
    assert list(home.crashes.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_killed_process_leaves_no_report(home: Home) -> None:
    assert run(home, "os.kill(os.getpid(), signal.SIGKILL)").returncode == -signal.SIGKILL
    (dump,) = home.crashes.iterdir()
    yesterday = (datetime.now() - timedelta(days=1)).timestamp()
    os.utime(dump, (yesterday, yesterday))
    assert collect_crash_dumps(home.crashes, "window") == []
    assert list(home.crashes.iterdir()) == []


def test_crash_dump_is_collected_only_under_its_process_name_and_not_while_running(home: Home) -> None:
    run(home, "ctypes.string_at(0)")
    assert collect_crash_dumps(home.crashes, "worker") == []
    assert len(collect_crash_dumps(home.crashes, "window")) == 1
    script = "from desktop.runtime.crash_handler import collect_crash_dumps\nprint(collect_crash_dumps(Home(Path(sys.argv[1])).crashes, 'window'))"
    assert (
        run(home, f"os.utime(next(Path(sys.argv[1]).glob('logs/crashes/*.running')), (1, 1))\n{script}").stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    ("code", "thread", "error"),
    [
        ("1 / 0", "MainThread", "ZeroDivisionError"),
        ("threading.Thread(target=lambda: 1 / 0, name='tags').start()", "tags", "ZeroDivisionError"),
        ("class X:\n    def __del__(self): 1 / 0\nX()", "MainThread", "ZeroDivisionError"),
    ],
)
def test_uncaught_exception_is_reported_with_its_thread(home: Home, code: str, thread: str, error: str) -> None:
    result = run(home, code)
    text = only_report(home)
    assert f"Thread: {thread}" in text
    assert "Traceback (most recent call last)" in text
    assert error in text
    assert "Traceback" not in result.stderr
    assert str(home.crashes) in result.stderr


def test_repeated_exception_is_reported_once(home: Home) -> None:
    run(home, "def fail(): 1 / 0\nfor _ in range(50):\n    t = threading.Thread(target=fail); t.start(); t.join()")
    assert only_report(home)


def test_unreported_crash_is_reported_once_by_the_next_process(home: Home) -> None:
    run(home, "process_crash_handler.on_report = mark_unreported\n1 / 0")
    (report,) = home.crashes.glob("*.txt")
    script = "print([report.name for report in process_crash_handler.collect_reports()])"
    assert run(home, script).stdout == f"['{report.name}']\n"
    assert run(home, script).stdout == "[]\n"
    assert list(home.crashes.iterdir()) == [report]


def test_report_marked_as_reported_leaves_no_marker(home: Home) -> None:
    run(
        home, "process_crash_handler.on_report = lambda report: (mark_unreported(report), mark_reported(report))\n1 / 0"
    )
    (report,) = home.crashes.iterdir()
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")


def test_ctrl_c_is_not_reported(home: Home) -> None:
    run(home, "raise KeyboardInterrupt")
    assert list(home.crashes.iterdir()) == []


def test_only_the_newest_reports_are_kept(home: Home) -> None:
    moment = datetime.now().astimezone()
    moments = [moment + timedelta(seconds=number) for number in range(MAX_REPORTS + 5)]
    written = [write_report(home.crashes, "window", "What happened", moment) for moment in moments]
    assert set(home.crashes.iterdir()) == set(written[5:])


def test_two_crashes_in_one_second_give_two_reports(home: Home) -> None:
    moment = datetime.now().astimezone()
    assert write_report(home.crashes, "window", "One", moment) != write_report(home.crashes, "window", "Two", moment)


def test_report_header_names_neither_home_folder_nor_computer() -> None:
    text = report_header("window")
    assert str(Path.home()) not in text
    assert os.uname().nodename not in text.split()


def test_app_runs_even_if_crash_reports_cannot_be_written(home: Home) -> None:
    home.crashes.write_text("a file where the folder should be")
    assert run(home, "print('done')").stdout == "done\n"
    assert run(home, "1 / 0").returncode == 1


def test_collecting_reports_of_an_unreadable_library_returns_none(home: Home) -> None:
    command = [
        sys.executable,
        "-c",
        f"{INSTALL_HANDLER}home = Path(sys.argv[1])\nhome.chmod(0)\nprint(process_crash_handler.collect_reports())",
    ]
    # root can read everything unless it drops these capabilities.
    dropped = "-dac_override,-dac_read_search"
    as_user = ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}"] if os.geteuid() == 0 else []
    if as_user and not shutil.which("setpriv"):
        pytest.skip("cannot drop the capabilities of root here")
    try:
        result = subprocess.run(
            [*as_user, *command, str(home.root)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    finally:
        home.root.chmod(0o700)
    assert (result.stdout, result.returncode) == ("[]\n", 0), result.stderr
