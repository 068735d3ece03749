"""What hangs in a cycle dies in the window's thread."""

import gc
import threading

from pytestqt.qtbot import QtBot

from desktop.ui.app.garbage_collector import GarbageCollector


class InACycle:
    """Notes the thread that it dies in, as a widget's deletion would happen there."""

    def __init__(self, died_in: list[threading.Thread]) -> None:
        self.itself = self
        self.died_in = died_in

    def __del__(self) -> None:
        self.died_in.append(threading.current_thread())


def test_a_thread_that_allocates_lets_no_widget_die(qtbot: QtBot) -> None:
    died_in: list[threading.Thread] = []
    InACycle(died_in)
    kept: list[list[int]] = []
    enough_for_a_hundred_collections = gc.get_threshold()[0] * 100

    def allocate() -> None:
        kept.extend([] for _ in range(enough_for_a_hundred_collections))

    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    assert died_in == []
    qtbot.waitUntil(lambda: died_in == [threading.main_thread()])


def test_python_collects_by_itself_once_the_window_is_gone() -> None:
    GarbageCollector().close()
    assert gc.isenabled()
    gc.disable()
