"""Work leaves the window's thread, and its result comes back there."""

import subprocess
import sys
import threading

import pytest
from pytestqt.qtbot import QtBot

from desktop.errors import StorageError
from desktop.jobs.model import Stage
from desktop.jobs.queue import JobChanged, JobProgress
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.job_feed import JobFeed


@pytest.fixture
def background(qtbot: QtBot) -> BackgroundRunner:
    return BackgroundRunner("test")


def test_work_is_done_elsewhere_and_handed_over_here(background: BackgroundRunner, qtbot: QtBot) -> None:
    places: list[threading.Thread] = []
    background.run(threading.current_thread, lambda there: places.extend([there, threading.current_thread()]))
    qtbot.waitUntil(lambda: len(places) == 2)
    assert places[0] is not threading.main_thread()
    assert places[1] is threading.main_thread()
    background.close()


def test_an_error_is_handed_over_as_well(background: BackgroundRunner, qtbot: QtBot) -> None:
    errors: list[str] = []

    def fail() -> None:
        raise StorageError("The disk is full.")

    background.run(fail, on_failure=lambda error: errors.append(str(error)))
    qtbot.waitUntil(lambda: errors == ["The disk is full."])
    background.close()


def test_a_defect_is_not_swallowed(background: BackgroundRunner, qtbot: QtBot) -> None:
    with qtbot.captureExceptions() as caught:
        background.run(lambda: 1 // 0)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
    background.close()


def test_things_are_done_one_after_the_other(background: BackgroundRunner, qtbot: QtBot) -> None:
    done: list[int] = []
    for number in range(50):
        background.run(lambda n=number: n, done.append)
    qtbot.waitUntil(lambda: len(done) == 50)
    assert done == list(range(50))
    background.close()


def test_closing_drops_what_waits(background: BackgroundRunner, qtbot: QtBot) -> None:
    gate, done = threading.Event(), list[int]()
    background.run(gate.wait)
    for number in range(5):
        background.run(lambda n=number: done.append(n))
    threading.Timer(0.05, gate.set).start()
    background.close()
    assert done == []


def test_closing_finishes_what_waits_when_asked_to(background: BackgroundRunner, qtbot: QtBot) -> None:
    done: list[int] = []
    for number in range(5):
        background.run(lambda n=number: done.append(n))
    background.close(run_pending=True)
    assert done == list(range(5))
    background.run(lambda: done.append(99))
    assert 99 not in done


def test_what_is_done_apart_is_handed_over_and_waited_for_by_nobody(background: BackgroundRunner, qtbot: QtBot) -> None:
    told: list[object] = []
    gate, through = threading.Event(), threading.Event()

    def fail() -> None:
        raise StorageError("The disk is full.")

    background.run_detached(lambda: 1, told.append, told.append)
    qtbot.waitUntil(lambda: told == [1])
    background.run_detached(fail, told.append, lambda error: told.append(str(error)))
    qtbot.waitUntil(lambda: told == [1, "The disk is full."])
    background.run_detached(lambda: (gate.wait(60), through.set()), told.append, told.append)
    background.close()
    assert not through.is_set()
    gate.set()
    assert through.wait(20)
    assert len(told) == 2


def test_the_process_ends_under_what_is_done_apart() -> None:
    code = (
        "import threading; from PySide6.QtCore import QCoreApplication; from desktop.ui.core.background import BackgroundRunner\n"
        "application = QCoreApplication([]); background = Background('test')\n"
        "background.run_apart(threading.Event().wait, print, print); background.close()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_feed_takes_events_of_any_thread_into_the_window_s(qtbot: QtBot) -> None:
    feed = JobFeed()
    heard: list[object] = []
    news = JobProgress("id", 1, Stage.SEPARATING, 0.5, 1.0, None)
    feed.progressed.connect(heard.append)
    feed.job_changed.connect(heard.append)
    thread = threading.Thread(target=lambda: [feed.deliver(event) for event in (news, JobChanged("other"))])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: heard == [news, "other"])
