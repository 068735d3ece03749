"""Next and previous song: the songs of the table that can be played, in its order."""

from desktop.jobs.model import Job
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.action import ActionId
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.view import JobView
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel

_RESTART_AFTER_S = 3.0
"""Seconds after which “previous” returns to the start of the song, as in other players."""


class SongNavigation:
    """Shows the next or the previous song in the player; it plays if the song before did."""

    def __init__(self, table: JobView, proxy: JobProxy, panel: PlayerPanel, player: PlayerController) -> None:
        self._table = table
        self._proxy = proxy
        self._panel = panel
        self._player = player

    def bind(self, registry: ActionRegistry) -> None:
        """Bind the actions."""
        registry.bind(ActionId.NEXT_SONG, lambda: self._go(1))
        registry.bind(ActionId.PREVIOUS_SONG, self._go_back)

    def _go_back(self) -> None:
        if self._player.position_seconds > _RESTART_AFTER_S or not self._go(-1):
            self._player.seek_to_start()

    def _go(self, step: int) -> bool:
        """Show the next song in a direction. Return False if there is none."""
        job = self._find(step)
        if job is None:
            return False
        if self._player.is_playing:
            self._player.tracks.play_when_loaded(job.id)
        self._table.select_job(job.id)
        return True

    def _find(self, step: int) -> Job | None:
        shown = self._panel.job
        row = self._proxy.index_of(shown.id).row() if shown else -1
        rows = range(row + step, self._proxy.rowCount() if step > 0 else -1, step) if row >= 0 else ()
        jobs = (self._proxy.job_at(self._proxy.index(row, 0)) for row in rows)
        return next((job for job in jobs if job is not None and job.result is not None), None)
