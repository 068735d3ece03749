"""Objects in reference cycles are collected in the window's thread."""

import gc
import threading

from pytestqt.qtbot import QtBot

from desktop.ui.app.garbage_collector import GarbageCollector


class CyclicObject:
    """Records the thread of its finalization, where a widget would be deleted."""

    def __init__(self, finalizing_threads: list[threading.Thread]) -> None:
        self.cycle = self
        self.finalizing_threads = finalizing_threads

    def __del__(self) -> None:
        self.finalizing_threads.append(threading.current_thread())


def test_allocations_in_another_thread_collect_no_widgets(qtbot: QtBot) -> None:
    finalizing_threads: list[threading.Thread] = []
    CyclicObject(finalizing_threads)
    allocated: list[list[int]] = []
    object_count = gc.get_threshold()[0] * 100  # enough for a hundred collections

    def allocate() -> None:
        allocated.extend([] for _ in range(object_count))

    worker = threading.Thread(target=allocate)
    worker.start()
    worker.join()
    assert finalizing_threads == []
    qtbot.waitUntil(lambda: finalizing_threads == [threading.main_thread()])


def test_automatic_collection_is_enabled_after_close() -> None:
    GarbageCollector().close()
    assert gc.isenabled()
    gc.disable()
