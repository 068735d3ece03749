"""Which song is chosen when nobody has chosen one: the first of the library, and then what is added."""

from PySide6.QtCore import QObject, QTimer

from desktop.jobs.model import Job
from desktop.ui.jobs.library import Library
from desktop.ui.jobs.view import JobView
from desktop.ui.player.controller import PlayerController

_SOON_MS = 700
"""So that the window is there first: opening a song's lanes takes a moment."""


class FirstChoice(QObject):
    """Chooses rows, and keeps out of the way of a user who does so or who works with the song in the player."""

    def __init__(self, table: JobView, library: Library, player: PlayerController, parent: QObject) -> None:
        super().__init__(parent)
        self._table = table
        self._proxy = library.proxy
        self._player = player
        self._shown = False
        self._by_hand = False
        self._soon = QTimer(self, interval=_SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._choose_some)
        table.current_job.connect(self._know_shown)
        table.chosen_by_hand.connect(self._leave_it_to_the_user)
        library.refresher.loaded.connect(self._choose_soon)
        library.proxy.rowsInserted.connect(self._choose_soon)
        library.adder.busy_changed.connect(self._expect)
        library.first_added.connect(self._choose_added)

    def _know_shown(self, job: Job | None) -> None:
        self._shown = job is not None

    def _leave_it_to_the_user(self) -> None:
        self._by_hand = True

    def _expect(self, adding: bool) -> None:
        """What the user chose before a drop says nothing about the drop; what is chosen while it is copied does."""
        if adding:
            self._by_hand = False

    def _choose_added(self, job: Job) -> None:
        if not self._by_hand and not self._player.touched:
            self._table.choose(job.id)

    def _choose_soon(self) -> None:
        if not self._shown and not self._soon.isActive():
            self._soon.start()

    def _choose_some(self) -> None:
        """Choose the first row, where no song is shown: also one that came from another process."""
        job = self._proxy.job_at(self._proxy.index(0, 0))
        if job is not None and not self._shown:
            self._table.choose(job.id)
