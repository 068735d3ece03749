"""Reports of the app's own faults: what is in them, how many are kept, and who leaves none. The processes are real."""

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

WATCHED = """
import ctypes, os, signal, sys, threading
from pathlib import Path
from desktop.runtime.crash_reports import mark_reported, mark_unreported
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.logging_setup import configure_logging
from desktop.paths import Home

configure_logging(Home(Path(sys.argv[1])), "window")
process_crash_handler.install(Home(Path(sys.argv[1])), "window")
"""
NATIVE = [number for name in ("SIGSEGV", "SIGABRT", "SIGFPE", "SIGBUS") if (number := getattr(signal, name, None))]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def run(home: Home, code: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-c", WATCHED + code, str(home.root)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def only_report(home: Home) -> str:
    (report,) = home.crashes.glob("*.txt")
    return report.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signals of other systems")
@pytest.mark.parametrize("number", NATIVE)
def test_a_crash_below_python_is_found_by_the_next_process_and_told_once(home: Home, number: signal.Signals) -> None:
    assert run(home, f"os.kill(os.getpid(), {int(number)})").returncode == -number
    (report,) = collect_crash_dumps(home.crashes, "window")
    text = report.read_text(encoding="utf-8")
    assert "Fatal Python error" in text
    assert all(fact in text for fact in ("Unbraid: ", "Process: window", "System: ", "Python: ", "most recent call"))
    assert collect_crash_dumps(home.crashes, "window") == []
    assert list(home.crashes.iterdir()) == [report]


def test_a_crash_in_a_thread_names_what_every_thread_did(home: Home) -> None:
    run(home, "def fall(): ctypes.string_at(0)\nt = threading.Thread(target=fall); t.start(); t.join()")
    (report,) = collect_crash_dumps(home.crashes, "window")
    text = report.read_text(encoding="utf-8")
    assert "in fall" in text
    assert "in <module>" in text


def test_who_ends_in_order_leaves_nothing(home: Home) -> None:
    assert run(home, "print('done')").returncode == 0
    assert list(home.crashes.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of other systems")
def test_who_is_killed_leaves_no_report(home: Home) -> None:
    assert run(home, "os.kill(os.getpid(), signal.SIGKILL)").returncode == -signal.SIGKILL
    (left,) = home.crashes.iterdir()
    yesterday = (datetime.now() - timedelta(days=1)).timestamp()
    os.utime(left, (yesterday, yesterday))
    assert collect_crash_dumps(home.crashes, "window") == []
    assert list(home.crashes.iterdir()) == []


def test_a_crash_is_left_for_a_process_of_the_same_name_and_not_taken_from_one_that_runs(home: Home) -> None:
    run(home, "ctypes.string_at(0)")
    assert collect_crash_dumps(home.crashes, "worker") == []
    assert len(collect_crash_dumps(home.crashes, "window")) == 1
    looking = "from desktop.runtime.crash_handler import collect_crash_dumps\nprint(collect_crash_dumps(Home(Path(sys.argv[1])).crashes, 'window'))"
    assert (
        run(home, f"os.utime(next(Path(sys.argv[1]).glob('logs/crashes/*.running')), (1, 1))\n{looking}").stdout
        == "[]\n"
    )


@pytest.mark.parametrize(
    ("code", "thread", "words"),
    [
        ("1 / 0", "MainThread", "ZeroDivisionError"),
        ("threading.Thread(target=lambda: 1 / 0, name='tags').start()", "tags", "ZeroDivisionError"),
        ("class X:\n    def __del__(self): 1 / 0\nX()", "MainThread", "ZeroDivisionError"),
    ],
)
def test_what_nobody_has_caught_is_a_report_with_its_thread(home: Home, code: str, thread: str, words: str) -> None:
    said = run(home, code)
    text = only_report(home)
    assert f"Thread: {thread}" in text
    assert "Traceback (most recent call last)" in text
    assert words in text
    assert "Traceback" not in said.stderr
    assert str(home.crashes) in said.stderr


def test_the_same_fault_over_and_over_is_one_report(home: Home) -> None:
    run(home, "def fail(): 1 / 0\nfor _ in range(50):\n    t = threading.Thread(target=fail); t.start(); t.join()")
    assert only_report(home)


def test_what_nobody_could_be_told_of_is_found_by_the_next_process_once(home: Home) -> None:
    run(home, "process_crash_handler.on_report = mark_unreported\n1 / 0")
    (report,) = home.crashes.glob("*.txt")
    looking = "print([report.name for report in process_crash_handler.collect_reports()])"
    assert run(home, looking).stdout == f"['{report.name}']\n"
    assert run(home, looking).stdout == "[]\n"
    assert list(home.crashes.iterdir()) == [report]


def test_what_was_told_is_not_found_again(home: Home) -> None:
    run(
        home, "process_crash_handler.on_report = lambda report: (mark_unreported(report), mark_reported(report))\n1 / 0"
    )
    (report,) = home.crashes.iterdir()
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")


def test_ctrl_c_is_no_fault(home: Home) -> None:
    run(home, "raise KeyboardInterrupt")
    assert list(home.crashes.iterdir()) == []


def test_the_newest_reports_are_kept_and_their_folder_does_not_grow(home: Home) -> None:
    moment = datetime.now().astimezone()
    moments = [moment + timedelta(seconds=number) for number in range(MAX_REPORTS + 5)]
    written = [write_report(home.crashes, "window", "What happened", moment) for moment in moments]
    assert set(home.crashes.iterdir()) == set(written[5:])


def test_two_crashes_in_one_second_are_two_reports(home: Home) -> None:
    moment = datetime.now().astimezone()
    assert write_report(home.crashes, "window", "One", moment) != write_report(home.crashes, "window", "Two", moment)


def test_a_report_says_nothing_of_the_user() -> None:
    text = report_header("window")
    assert str(Path.home()) not in text
    assert os.uname().nodename not in text.split()


def test_where_nothing_can_be_written_the_app_runs_all_the_same(home: Home) -> None:
    home.crashes.write_text("a file where the folder should be")
    assert run(home, "print('done')").stdout == "done\n"
    assert run(home, "1 / 0").returncode == 1


def test_a_library_that_cannot_be_read_any_more_makes_no_fault_of_its_own(home: Home) -> None:
    words = [
        sys.executable,
        "-c",
        f"{WATCHED}home = Path(sys.argv[1])\nhome.chmod(0)\nprint(process_crash_handler.collect_reports())",
    ]
    # root may read everything unless it gives that up.
    drop = "-dac_override,-dac_read_search"
    as_user = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"] if os.geteuid() == 0 else []
    if as_user and not shutil.which("setpriv"):
        pytest.skip("root cannot be kept from reading here")
    try:
        done = subprocess.run([*as_user, *words, str(home.root)], cwd=ROOT, capture_output=True, text=True, check=False)
    finally:
        home.root.chmod(0o700)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
