"""Key menu: the key that was found, its relative, and every other one."""

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop.analysis.harmony import Key
from desktop.analysis.text import format_key
from desktop.text.message import tr, tr_count
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.pages.player.controller import PlayerController

ALL_KEYS = tuple(Key(tonic, is_minor) for is_minor in (False, True) for tonic in range(12))


def format_song_key(controller: PlayerController, is_short: bool = False) -> str:
    """Return "F♯ minor", or why there is no key, in a word or two if `is_short`."""
    key = controller.analysis.current.key
    if key is not None:
        return format_key(key)
    if controller.analysis.is_found:
        return tr("No key")
    return tr("Listening…") if is_short else tr("Listening for the key…")


def describe_tuning(cents: float) -> str:
    """Return how far a song is from A = 440 Hz: "Tuned 12 cents sharp"."""
    rounded = round(cents)
    if not rounded:
        return tr("Tuned to A = 440 Hz")
    if rounded > 0:
        return tr_count("Tuned {count} cent sharp", "Tuned {count} cents sharp", rounded)
    return tr_count("Tuned {count} cent flat", "Tuned {count} cents flat", -rounded)


class KeyMenu(QMenu):
    """Menu that sets the key of the song by hand."""

    def __init__(self, controller: PlayerController, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller, self._analysis = controller, controller.analysis
        self.setProperty("checks", "true")
        self.setAccessibleName(tr("Key"))
        self.aboutToShow.connect(self.refresh)

    def refresh(self) -> None:
        """Fill the menu for the song that is loaded."""
        self.clear()
        group = QActionGroup(self)
        found, current = self._analysis.found.key, self._analysis.current.key
        if found is not None:
            self._add_key(self, group, found, tr("{key} (found)", key=format_key(found)))
        if current is not None and current.relative != found:
            self._add_key(self, group, current.relative, tr("{key} (relative)", key=format_key(current.relative)))
        all_keys = self.addMenu(tr("All keys"))
        all_keys.setProperty("checks", "true")
        for key in ALL_KEYS:
            self._add_key(all_keys, QActionGroup(all_keys), key, format_key(key))
        self.addSeparator()
        if self._analysis.is_found:
            self.addAction(describe_tuning(self._analysis.found.tuning_cents)).setEnabled(False)
        chord = ACTIONS[ActionId.NAME_CHORD]
        self.addAction(chord.menu_text).triggered.connect(lambda: self._controller.chord_requested.emit())
        reset = self.addAction(tr("Reset the key"))
        reset.setEnabled(self._analysis.edits.key is not None)
        reset.triggered.connect(lambda: self._analysis.set_key(None))

    def _add_key(self, menu: QMenu, group: QActionGroup, key: Key, text: str) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(key == self._analysis.current.key)
        action.setActionGroup(group)
        action.triggered.connect(partial(self._choose, key))

    def _choose(self, key: Key, _checked: bool = False) -> None:
        self._analysis.set_key(key)
