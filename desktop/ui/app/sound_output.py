"""Sound settings of the window: the output that the user has chosen, and the master, which is kept between starts."""

from PySide6.QtCore import QObject, QTimer

from desktop.playback.mix import Master, clamp_db
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.settings import Settings
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.pages.player.mix_controls import MixControls

SAVE_DELAY_MS = 500
"""Milliseconds from a change of the master to its saving, together with the changes that follow it meanwhile."""


def follow_output_settings(session: Session, settings_store: SettingsStore) -> None:
    """Play on the output of the settings, now and after each change of them."""

    def apply(settings: Settings) -> None:
        output = OutputSettings.of(settings)
        if output != session.output:
            session.set_output(output)

    apply(settings_store.settings)
    settings_store.changed.connect(apply)


class MasterMemory(QObject):
    """Sets level and limiter of the master as the settings have them, and saves them soon after each change."""

    def __init__(self, mix: MixControls, settings_store: SettingsStore, parent: QObject) -> None:
        super().__init__(parent)
        self._mix, self._settings_store = mix, settings_store
        self._timer = QTimer(self, interval=SAVE_DELAY_MS, singleShot=True)
        self._timer.timeout.connect(self.save)
        mix.set_master(self._saved)
        mix.master_changed.connect(self._save_soon)

    @property
    def _saved(self) -> Master:
        settings = self._settings_store.settings
        return Master(clamp_db(settings.master_db), settings.limiter)

    def _save_soon(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def save(self) -> None:
        """Save the master now, unless unchanged."""
        self._timer.stop()
        master = self._mix.master
        if master != self._saved:
            self._settings_store.change(master_db=master.gain_db, limiter=master.has_limiter)
