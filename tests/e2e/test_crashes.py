"""Crashes and exceptions in the real window and worker: what happens, and how the user is told."""

import os
import re
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from desktop.jobs.model import JobOptions, JobState
from desktop.paths import Home
from desktop.runtime.logging_setup import log_file
from tests.helpers.command import command_environment, running_process
from tests.helpers.library import assert_all_ended, find_processes, running_library, wait_until, write_song

CRASH_NOTICE, ERROR_NOTICE = "Unbraid closed unexpectedly last time", "Something went wrong in Unbraid"
# The first evaluation comes after the notices of the start are shown.
PRINT_NOTICES = "(print([*window.notices.notices]), quit()) if window.isVisible() else None"
# Like a click on the window's frame: with no Python frame on the call stack.
CLOSE_WINDOW = "(lambda qt: qt.QMetaObject.invokeMethod(window, 'close', qt.Qt.QueuedConnection))(__import__('PySide6.QtCore').QtCore)"
# Print the notices and the report that they open, then quit, which shows that the window still responds.
PRINT_REPORT = """(
    print([notice.text for notice in window.notices.notices]),
    [row.action_triggered.emit(row.notice.on_action) for row in window.notices._rows],
    print([sheet.text_view.toPlainText() for sheet in window.findChildren(__import__('desktop').ui.dialogs.base.TextDialog)]),
    quit(),
) if window.notices.notices else None"""


def driven_window(library: Path, expression: str) -> AbstractContextManager["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.helpers.driven_window", expression]
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen")
    return running_process(command, library, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_driven_window(library: Path, expression: str) -> tuple[int, str, str]:
    """Return exit status, standard output and standard error."""
    with driven_window(library, expression) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def test_window_crash_is_reported_once_with_its_report_at_the_next_start(tmp_path: Path) -> None:
    status, _, _ = run_driven_window(tmp_path, "__import__('ctypes').string_at(0) if window.isVisible() else None")
    assert status == -signal.SIGSEGV
    assert_all_ended(tmp_path)
    status, output, _ = run_driven_window(tmp_path, PRINT_REPORT)
    assert status == 0
    assert "Fatal Python error: Segmentation fault" in output
    assert "driven_window.py" in output
    assert CRASH_NOTICE in output
    assert run_driven_window(tmp_path, PRINT_NOTICES)[1] == "[]\n(None, True)\n"


@pytest.mark.parametrize(
    "target",
    ["window.settings_store, 'save_window'", "window, 'hide'"],
    ids=["saving the window state", "hiding the window"],
)
def test_error_while_the_window_closes_is_reported_once_at_the_next_start(tmp_path: Path, target: str) -> None:
    failing_patch = f"setattr({target}, lambda *given, do=getattr({target}): (do(*given), 1 / 0))"
    run_driven_window(tmp_path, f"({failing_patch}, {CLOSE_WINDOW}) if window.isVisible() else None")
    assert_all_ended(tmp_path)
    status, output, _ = run_driven_window(tmp_path, PRINT_REPORT)
    assert status == 0
    assert "ZeroDivisionError" in output
    assert CRASH_NOTICE in output
    assert run_driven_window(tmp_path, PRINT_NOTICES)[1] == "[]\n(None, True)\n"


def test_killed_window_is_not_reported_as_a_crash(tmp_path: Path) -> None:
    with driven_window(tmp_path, "print('open', flush=True) if window.isVisible() else None") as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        process.kill()
    status, output, _ = run_driven_window(tmp_path, PRINT_NOTICES)
    assert (status, output) == (0, "[]\n(None, True)\n")
    assert not list(Home(tmp_path).crashes.glob("*.txt"))


@pytest.mark.parametrize("fault", ["1 / 0", "__import__('threading').Thread(target=lambda: 1 / 0).start()"])
def test_exception_in_a_slot_or_thread_keeps_the_window_open_and_is_reported_once(tmp_path: Path, fault: str) -> None:
    status, output, err = run_driven_window(tmp_path, f"({PRINT_REPORT}) if window.notices.notices else ({fault})")
    assert status == 0
    assert "Traceback (most recent call last)" in output
    assert ERROR_NOTICE in output
    assert "Traceback" not in err
    assert len(list(Home(tmp_path).crashes.glob("*.txt"))) == 1
    assert "Traceback" in log_file(Home(tmp_path), "window").read_text()


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_worker_crash_leaves_a_report_and_its_job_completes(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 60.0)
    with running_library(tmp_path / "library") as library:
        job = library.service.add(song, JobOptions("sketch"))
        library.wait_for_progress(job)
        owner = owner_pid(library.home)
        os.kill(owner, signal.SIGSEGV)
        assert library.wait_for(job, JobState.COMPLETED).crashes == 1
        wait_until(lambda: bool(list(library.home.crashes.glob("*_worker*.txt"))))
        (report,) = library.home.crashes.glob("*_worker*.txt")
    text = report.read_text()
    assert re.search(rf"Process: worker {owner}\n", text)
    assert "Fatal Python error: Segmentation fault" in text
    assert "song.wav" not in text


def owner_pid(home: Home) -> int:
    """Return the id of the separation process, the worker's newest child."""
    (worker,) = (
        process for process in find_processes(home.root) if "worker" in process.cmdline() and "--draft" not in process.cmdline()
    )  # fmt: skip
    children = [child for child in worker.children() if any("spawn_main" in argument for argument in child.cmdline())]
    return max(children, key=psutil.Process.create_time).pid
