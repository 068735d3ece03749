"""Memory of the part of each song that was in view."""

from PySide6.QtCore import QObject

from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.waveform.view import WaveformView


class ViewMemory(QObject):
    """Keeps the visible range with the state of the song, and shows it again when the song is loaded."""

    def __init__(self, view: WaveformView, controller: PlayerController) -> None:
        super().__init__(view)
        self._view, self._controller = view, controller
        self._is_restored = False
        view.range_changed.connect(self._keep)
        controller.loaded_changed.connect(self._restore)

    def forget(self) -> None:
        """Keep nothing until the next song is loaded: the lanes of another song are about to be shown."""
        self._is_restored = False

    def _keep(self) -> None:
        if self._is_restored:
            start, end = self._view.view_box.visible_range()
            is_whole = self._view.view_box.shows_whole_song()
            self._controller.set_visible_range(0.0 if is_whole else start, None if is_whole else end)

    def _restore(self) -> None:
        if not self._controller.is_ready:
            self._is_restored = False
        elif not self._is_restored:
            self._is_restored = True
            shown = self._controller.practice.state.view
            if shown.end_s is not None and shown.end_s > shown.start_s:
                self._view.view_box.show_range(shown.start_s, shown.end_s)
