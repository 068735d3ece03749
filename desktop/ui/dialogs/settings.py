"""The settings: what nobody has to choose, and may."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSystemTrayIcon, QVBoxLayout, QWidget

from desktop import nvidia
from desktop.paths import Home
from desktop.settings import Settings, load_settings
from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.settings_choices import leavings, overlaps, passes, runtimes
from desktop.ui.dialogs.settings_rows import DropDown, Row, Switch, card
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import SECONDARY, ui_font
from desktop.ui.window_memory import WindowMemory

_WIDTH = 684
_WHEN = "Changes are saved at once and count for the next song that is separated."
_COMPUTES = "Automatic takes the fastest that this computer has."
_LOOKS = "Asks about once a day, and sends nothing but that request. While this is off, it never asks."
_SHOWN = ("draft", "awake", "quit", "runtime", "fast", "shifts", "overlap", "updates")


class SettingsDialog(QDialog):
    """Shows the settings of the separation, and saves each as it is changed. It blocks nothing."""

    about_asked = Signal()
    bin_asked = Signal()
    """The user wants to see the removed songs."""

    def __init__(self, memory: WindowMemory, home: Home, parent: QWidget | None = None, updates: bool = False) -> None:
        """`updates`: this app knows whom to ask for newer versions, so that it can be allowed to."""
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._memory = memory
        self._home = home
        self.draft, self.awake, self.fast, self.updates = Switch(), Switch(), Switch(), Switch()
        self._offers_updates = updates
        self.quit, self.runtime, self.shifts, self.overlap = DropDown(), DropDown(), DropDown(), DropDown()
        self._computes = Row("&Computes with", _COMPUTES, self.runtime)
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setFont(ui_font(SECONDARY))
        self.note.setWordWrap(True)
        self.restore = _button("&Restore defaults")
        self.about = _button("&About Unbraid")
        self.about.setToolTip("Licences, and where things are kept (F1)")
        self.removed = _button("Re&moved songs…")
        self.removed.setToolTip("Restore songs that were removed, or free the room that they take")
        self.close_button = _button("C&lose", "primary")
        self._arrange()
        self._connect()
        self.show_settings()

    def show_settings(self) -> None:
        """Show what is set; the default for whatever is not offered here."""
        now, usual = self._memory.settings, Settings()
        switches = {self.draft: now.draft, self.awake: now.awake, self.fast: now.fast, self.updates: now.updates}
        for switch, on in switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(on)
            switch.blockSignals(blocked)
        self.quit.offer(leavings(QSystemTrayIcon.isSystemTrayAvailable()), now.quit, usual.quit)
        self.runtime.offer(runtimes(), now.runtime, usual.runtime)
        self.shifts.offer(passes(now.shifts), now.shifts, usual.shifts)
        self.overlap.offer(overlaps(now.overlap), now.overlap, usual.overlap)
        self._tell(saved=True)

    def come_forward(self, last_computed: str = "") -> None:
        """Open, or come to the front; `last_computed` says what computed the last song."""
        self._computes.explain(" ".join(filter(None, (_COMPUTES, last_computed, nvidia.hint()))))
        if not self.isVisible():
            self.show_settings()
        self.show()
        self.raise_()
        self.activateWindow()

    def restore_defaults(self) -> None:
        """Set everything that can be set here as it was at the first start."""
        usual = Settings()
        saved = self._change(**{name: getattr(usual, name) for name in _SHOWN})
        self.show_settings()
        self._tell(saved)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin at a button that does no harm: Space, pressed out of habit to play, must not change a setting."""
        super().showEvent(event)
        self._fit()
        self.close_button.setFocus()

    def _arrange(self) -> None:
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for heading, rows in self._sections():
            column.addWidget(card(heading, rows))
        column.addWidget(self.note)
        buttons = QHBoxLayout()
        buttons.addWidget(self.restore)
        buttons.addWidget(self.about)
        buttons.addWidget(self.removed)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)
        self.setFixedWidth(_WIDTH)

    def _sections(self) -> list[tuple[str, list[Row]]]:
        sections = self._separation()
        if self._offers_updates:
            sections.append(("Unbraid itself", [Row("Look for &new versions", _LOOKS, self.updates)]))
        return sections

    def _separation(self) -> list[tuple[str, list[Row]]]:
        return [
            (
                "While songs are separated",
                [
                    Row(
                        "&Draft while you wait",
                        "Hear a rough version of every stem within seconds, while the model works on the real one.",
                        self.draft,
                    ),
                    Row(
                        "&Keep the computer awake",
                        "It does not go to sleep by itself before the songs are done.",
                        self.awake,
                    ),
                    Row(
                        "When &quitting with songs in work",
                        "Nothing is lost either way: finished parts are kept.",
                        self.quit,
                    ),
                ],
            ),
            (
                "Speed and quality",
                [
                    self._computes,
                    Row(
                        "&Faster, slightly rougher",
                        "Uses 16-bit arithmetic where this computer can. Usually not audible.",
                        self.fast,
                    ),
                    Row(
                        "Careful &separation",
                        "Separates the song several times, slightly shifted, and averages. "
                        "2 passes take twice as long.",
                        self.shifts,
                    ),
                    Row(
                        "&Overlap",
                        "A song is separated in pieces. The more they overlap, the smoother the joins, "
                        "but the slower it goes.",
                        self.overlap,
                    ),
                ],
            ),
        ]

    def _connect(self) -> None:
        self.draft.toggled.connect(partial(self._set, "draft"))
        self.awake.toggled.connect(partial(self._set, "awake"))
        self.quit.chosen.connect(partial(self._set, "quit"))
        self.fast.toggled.connect(partial(self._set, "fast"))
        self.runtime.chosen.connect(partial(self._set, "runtime"))
        self.shifts.chosen.connect(partial(self._set, "shifts"))
        self.overlap.chosen.connect(partial(self._set, "overlap"))
        self.updates.toggled.connect(partial(self._set, "updates"))
        self.restore.clicked.connect(self.restore_defaults)
        self.about.clicked.connect(self.about_asked)
        self.removed.clicked.connect(self.bin_asked)
        self.close_button.clicked.connect(self.close)

    def _set(self, name: str, value: str | float) -> None:
        self._change(**{name: value})

    def _change(self, **values: str | float) -> bool:
        """Change the window's own settings, which it saves again with all that it remembers. Returns whether it did."""
        self._memory.change(**values)
        saved = self._is_saved()
        self._tell(saved)
        return saved

    def _is_saved(self) -> bool:
        now, written = self._memory.settings, load_settings(self._home)
        # As words: a damaged file may hold a NaN, which does not even equal itself.
        return all(str(getattr(now, name)) == str(getattr(written, name)) for name in _SHOWN)

    def _tell(self, saved: bool) -> None:
        words = _WHEN if saved else _not_saved(self._home)
        if words != self.note.text():
            self.note.setText(words)
            self.note.setStyleSheet(f"color: {tokens.DIM if saved else tokens.BAD};")
            self._fit()

    def _fit(self) -> None:
        """Be as high as the words need."""
        self.setFixedHeight(self._column.heightForWidth(_WIDTH))


def _button(words: str, kind: str = "plain") -> ShellButton:
    button = ShellButton(words, kind)
    button.setAccessibleName(words.replace("&", ""))
    # Return belongs to the control that has the focus, not to a button elsewhere.
    button.setAutoDefault(False)
    return button


def _not_saved(home: Home) -> str:
    return (
        f"This could not be saved in {home.settings}, so the next song will not follow it. "
        "Make room on the disk and see that the file may be written, then change it again."
    )
