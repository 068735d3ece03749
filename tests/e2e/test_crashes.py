"""The real window and the real worker go wrong: what becomes of it, and how it is told."""

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

ENDED, GOES_ON = "Unbraid closed unexpectedly last time", "Something in Unbraid went wrong"
# The first beat comes after what is told at the start.
NOTHING_SAID = "(print([*window.notices.notices]), quit()) if window.isVisible() else None"
# As a click on the window's frame does it: with no Python beneath.
CLICKED_AWAY = "(lambda qt: qt.QMetaObject.invokeMethod(window, 'close', qt.Qt.QueuedConnection))(__import__('PySide6.QtCore').QtCore)"
# The sentence, the report it leads to, and whether the window still answers.
SHOWN = """(
    print([notice.text for notice in window.notices.notices]),
    [row.action_triggered.emit(row.notice.on_action) for row in window.notices._rows],
    print([sheet.text_view.toPlainText() for sheet in window.findChildren(__import__('desktop').ui.dialogs.base.TextDialog)]),
    quit(),
) if window.notices.notices else None"""


def driven(library: Path, line: str) -> AbstractContextManager["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "tests.helpers.driven", line]
    environment = command_environment(library, QT_QPA_PLATFORM="offscreen")
    return running_process(words, library, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def drive(library: Path, line: str) -> tuple[int, str, str]:
    """The exit status, and what was said."""
    with driven(library, line) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def test_after_the_window_has_crashed_the_next_start_says_so_once_and_shows_the_report(tmp_path: Path) -> None:
    status, _, _ = drive(tmp_path, "__import__('ctypes').string_at(0) if window.isVisible() else None")
    assert status == -signal.SIGSEGV
    assert_all_ended(tmp_path)
    status, said, _ = drive(tmp_path, SHOWN)
    assert status == 0
    assert "Fatal Python error: Segmentation fault" in said
    assert "driven.py" in said
    assert ENDED in said
    assert drive(tmp_path, NOTHING_SAID)[1] == "[]\n(None, True)\n"


@pytest.mark.parametrize(
    "part", ["window.settings_store, 'save_window'", "window, 'hide'"], ids=["the window", "what is behind it"]
)
def test_what_goes_wrong_while_the_window_closes_is_told_by_the_next_start_once(tmp_path: Path, part: str) -> None:
    wrong = f"setattr({part}, lambda *given, do=getattr({part}): (do(*given), 1 / 0))"
    drive(tmp_path, f"({wrong}, {CLICKED_AWAY}) if window.isVisible() else None")
    assert_all_ended(tmp_path)
    status, said, _ = drive(tmp_path, SHOWN)
    assert status == 0
    assert "ZeroDivisionError" in said
    assert ENDED in said
    assert drive(tmp_path, NOTHING_SAID)[1] == "[]\n(None, True)\n"


def test_a_window_that_was_killed_is_no_crash(tmp_path: Path) -> None:
    with driven(tmp_path, "print('open', flush=True) if window.isVisible() else None") as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        process.kill()
    status, said, _ = drive(tmp_path, NOTHING_SAID)
    assert (status, said) == (0, "[]\n(None, True)\n")
    assert not list(Home(tmp_path).crashes.glob("*.txt"))


@pytest.mark.parametrize("fault", ["1 / 0", "__import__('threading').Thread(target=lambda: 1 / 0).start()"])
def test_a_fault_in_a_slot_or_a_thread_ends_nothing_and_is_told_once(tmp_path: Path, fault: str) -> None:
    status, said, err = drive(tmp_path, f"({SHOWN}) if window.notices.notices else ({fault})")
    assert status == 0
    assert "Traceback (most recent call last)" in said
    assert GOES_ON in said
    assert "Traceback" not in err
    assert len(list(Home(tmp_path).crashes.glob("*.txt"))) == 1
    assert "Traceback" in log_file(Home(tmp_path), "window").read_text()


@pytest.mark.skipif(os.name == "nt", reason="signals of other systems")
def test_what_a_worker_dies_of_is_in_a_report_and_its_song_is_done_by_the_next(tmp_path: Path) -> None:
    song = write_song(tmp_path / "song.wav", 60.0)
    with running_library(tmp_path / "library") as library:
        job = library.service.add(song, JobOptions("sketch"))
        library.wait_for_progress(job)
        owner = owner_of(library.home)
        os.kill(owner, signal.SIGSEGV)
        assert library.wait_for(job, JobState.COMPLETED).crashes == 1
        wait_until(lambda: bool(list(library.home.crashes.glob("*_worker*.txt"))))
        (report,) = library.home.crashes.glob("*_worker*.txt")
    text = report.read_text()
    assert re.search(rf"Process: worker {owner}\n", text)
    assert "Fatal Python error: Segmentation fault" in text
    assert "song.wav" not in text


def owner_of(home: Home) -> int:
    """The process that separates: the worker's child."""
    (main,) = (
        process for process in find_processes(home.root) if "worker" in process.cmdline() and "--draft" not in process.cmdline()
    )  # fmt: skip
    children = [child for child in main.children() if any("spawn_main" in word for word in child.cmdline())]
    return max(children, key=psutil.Process.create_time).pid
