"""Chord dialog: names the chord at the playhead by hand."""

import re

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop.analysis.harmony import NO_CHORD, Chord
from desktop.analysis.song_analysis import SongAnalysis
from desktop.analysis.text import with_accidentals
from desktop.text.durations import format_duration_tenths
from desktop.text.message import tr
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.theme.fonts import TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

_CHORD = re.compile(r"[A-G][#b]?\S*")
UNKNOWN_BAR_S = 2.0
"""Length in seconds of a passage where neither chord nor beat is known."""


def find_passage(analysis: SongAnalysis, second: float) -> Chord:
    """Return the chord at `second`; where there is none, an unnamed one for the bar, or for `UNKNOWN_BAR_S`."""
    for chord in analysis.chords:
        if chord.start_s <= second < chord.end_s:
            return chord
    downbeats = analysis.grid.downbeats if analysis.grid else ()
    start = max((each for each in downbeats if each <= second), default=second)
    end = min((each for each in downbeats if each > second), default=start + UNKNOWN_BAR_S)
    return Chord(start, end, NO_CHORD)


def parse_chord(text: str) -> str:
    """Return the name of a chord as it is kept, "Bbm7" for "b♭m7"; empty text is no chord. Raises ValueError."""
    name = text.strip().replace("♯", "#").replace("♭", "b")
    if not name:
        return NO_CHORD
    name = name[0].upper() + name[1:]
    if not _CHORD.fullmatch(name):
        raise ValueError(f"not a chord: {text!r:.100}")
    return name


class ChordDialog(QDialog):
    """Asks for the name of the chord at the playhead."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Name the chord"))
        self._controller = controller
        self._passage = find_passage(controller.analysis.current, controller.position_seconds)
        start, end = (format_duration_tenths(second) for second in (self._passage.start_s, self._passage.end_s))
        self.field = QLineEdit("" if self._passage.name == NO_CHORD else with_accidentals(self._passage.name))
        self.field.setAccessibleName(tr("Chord"))
        self.field.setPlaceholderText(tr("For example F♯m7; empty for no chord"))
        self.field.selectAll()
        self._error = TextLabel("", 12, colour=Colour.BAD)
        cancel, self._name_button = PushButton(tr("Cancel")), PushButton(tr("Name the chord"), "primary")
        self._name_button.setDefault(True)
        cancel.clicked.connect(self.reject)
        self._name_button.clicked.connect(self.accept)
        self.field.returnPressed.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._name_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 24, 24, 20)
        rows.setSpacing(12)
        rows.addWidget(TextLabel(tr("Chord from {start} to {end}", start=start, end=end), TITLE_SIZE, 600))
        rows.addWidget(self.field)
        rows.addWidget(self._error)
        rows.addLayout(buttons)
        self.setMinimumWidth(360)
        self.field.setFocus()

    def accept(self) -> None:
        """Name the chord, or say that the text is none."""
        try:
            name = parse_chord(self.field.text())
        except ValueError:
            self._error.setText(tr("That is no chord. Begin with a note, like “C”, “F♯m” or “B♭7”."))
            return
        self._controller.analysis.set_chord(Chord(self._passage.start_s, self._passage.end_s, name))
        super().accept()
