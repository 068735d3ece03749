"""Background work: it runs outside the window's thread, and its result is delivered in that thread."""

import subprocess
import sys
import threading

import pytest
from pytestqt.qtbot import QtBot

from desktop.errors import StorageError
from desktop.jobs.model import JobProgress
from desktop.jobs.queue import JobChanged
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.job_feed import JobFeed


@pytest.fixture
def background(qtbot: QtBot) -> BackgroundRunner:
    return BackgroundRunner("test")


def test_work_runs_in_another_thread_and_its_result_arrives_in_the_main_thread(
    background: BackgroundRunner, qtbot: QtBot
) -> None:
    threads: list[threading.Thread] = []
    background.run(
        threading.current_thread, lambda worker_thread: threads.extend([worker_thread, threading.current_thread()])
    )
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()
    background.close()


def test_error_is_passed_to_the_failure_callback(background: BackgroundRunner, qtbot: QtBot) -> None:
    errors: list[str] = []

    def fail() -> None:
        raise StorageError(verbatim("The disk is full."))

    background.run(fail, on_failure=lambda error: errors.append(str(error)))
    qtbot.waitUntil(lambda: errors == ["The disk is full."])
    background.close()


def test_unexpected_exception_is_raised_in_the_event_loop(background: BackgroundRunner, qtbot: QtBot) -> None:
    with qtbot.captureExceptions() as caught:
        background.run(lambda: 1 // 0)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
    background.close()


def test_tasks_run_in_the_order_of_submission(background: BackgroundRunner, qtbot: QtBot) -> None:
    done: list[int] = []
    for number in range(50):
        background.run(lambda n=number: n, done.append)
    qtbot.waitUntil(lambda: len(done) == 50)
    assert done == list(range(50))
    background.close()


def test_close_drops_pending_tasks(background: BackgroundRunner, qtbot: QtBot) -> None:
    gate, done = threading.Event(), list[int]()
    background.run(gate.wait)
    for number in range(5):
        background.run(lambda n=number: done.append(n))
    threading.Timer(0.05, gate.set).start()
    background.close()
    assert done == []


def test_close_with_run_pending_finishes_pending_tasks(background: BackgroundRunner, qtbot: QtBot) -> None:
    done: list[int] = []
    for number in range(5):
        background.run(lambda n=number: done.append(n))
    background.close(run_pending=True)
    assert done == list(range(5))
    background.run(lambda: done.append(99))
    assert 99 not in done


def test_detached_work_delivers_its_outcome_and_close_does_not_wait_for_it(
    background: BackgroundRunner, qtbot: QtBot
) -> None:
    outcomes: list[object] = []
    gate, finished = threading.Event(), threading.Event()

    def fail() -> None:
        raise StorageError(verbatim("The disk is full."))

    background.run_detached(lambda: 1, outcomes.append, outcomes.append)
    qtbot.waitUntil(lambda: outcomes == [1])
    background.run_detached(fail, outcomes.append, lambda error: outcomes.append(str(error)))
    qtbot.waitUntil(lambda: outcomes == [1, "The disk is full."])
    background.run_detached(lambda: (gate.wait(60), finished.set()), outcomes.append, outcomes.append)
    background.close()
    assert not finished.is_set()
    gate.set()
    assert finished.wait(20)
    assert len(outcomes) == 2


def test_process_exits_while_detached_work_is_running() -> None:
    code = (
        "import threading; from PySide6.QtCore import QCoreApplication; from desktop.ui.core.background import BackgroundRunner\n"
        "application = QCoreApplication([]); background = BackgroundRunner('test')\n"
        "background.run_detached(threading.Event().wait, print, print); background.close()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_job_feed_delivers_events_of_any_thread_as_signals(qtbot: QtBot) -> None:
    feed = JobFeed()
    received: list[object] = []
    progress = JobProgress("id", 1, Stage.SEPARATING, 0.5, 1.0, None)
    feed.progressed.connect(received.append)
    feed.job_changed.connect(received.append)
    thread = threading.Thread(target=lambda: [feed.deliver(event) for event in (progress, JobChanged("other"))])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: received == [progress, "other"])
