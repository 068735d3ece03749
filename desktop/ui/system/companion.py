"""What the window is to the computer it runs on, put together."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.ui.accessibility import announce
from desktop.ui.background import Background
from desktop.ui.job_feed import JobFeed
from desktop.ui.main_window import MainWindow
from desktop.ui.system.announcer import Announcer
from desktop.ui.system.awake import Awake
from desktop.ui.system.farewell import Farewell
from desktop.ui.system.keepers import keepers
from desktop.ui.system.news import News
from desktop.ui.system.notifier import Notifier, app_in_front, send
from desktop.ui.system.opened_files import OpenedFiles
from desktop.ui.system.tray import Tray
from desktop.ui.system.work import Work


class Companion(QObject):
    """Quitting with songs in work, the tray, keeping awake, notifications, and announcements."""

    def __init__(self, window: MainWindow, feed: JobFeed) -> None:
        super().__init__(window)
        self._window = window
        self.work = Work(window.library, feed, self)
        self.tray = Tray(window.library.jobs, self)
        self.farewell = Farewell(window, self.work, Tray.is_there)
        self.awake = Awake(self.work, lambda: window.memory.settings.awake, keepers(), self)
        self._telling = Background("notify", self)
        self.notifier = Notifier(window.library.batches, self._in_front, self._tell, self)
        self.announcer = Announcer(window.library.jobs, partial(announce, window), self)
        window.batch_changed.connect(self.announcer.follow_batch)
        self.opened_files = OpenedFiles(self.take_over, self)
        self.farewell.hidden.connect(self.tray.appear)
        self.farewell.shown.connect(self.tray.go)
        self.tray.show_asked.connect(self.farewell.come_back)
        self.tray.quit_asked.connect(self.farewell.leave)

    def take_over(self, paths: Sequence[Path]) -> None:
        """Bring the window to the front and add what a second start of the app was given."""
        self.farewell.come_back()
        self._window.take_over(paths)

    def close(self) -> None:
        """Give back what was taken of the computer: the app has ended."""
        self.awake.give_back()
        self.tray.go()
        self._telling.close(finish=True)

    def _in_front(self) -> bool:
        # Some systems call an app active whose last window has just been hidden.
        return app_in_front() and not self.farewell.in_background

    def _tell(self, news: News) -> None:
        """By the desktop's own service; where there is none, at the sign in the tray."""
        self._telling.run(lambda: send(news), lambda shown: None if shown else self.tray.tell(news))

    def leave(self) -> None:
        """End the app now, without a question."""
        self.farewell.leave()
