"""The settings: what nobody has to choose, and may."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from desktop import nvidia
from desktop.paths import Home
from desktop.settings import Settings, load_settings
from desktop.ui.controls import ShellButton
from desktop.ui.dialogs.settings_choices import EXPORTS, leavings, overlaps, passes, runtimes
from desktop.ui.dialogs.settings_rows import DropDown, Row, Switch, card
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import SECONDARY, ui_font
from desktop.ui.window_memory import WindowMemory

_WIDTH = 684
_AROUND = 24
"""Pixels that are kept in view above and below the control that has the focus."""
_TITLE_BAR = 40
"""What a window manager adds above, at most."""
_WHEN = "Changes are saved automatically and apply from the next song."
_COMPUTES = "Automatic takes the fastest that this computer has."
_LOOKS = "Asks about once a day, and sends nothing but that request. While this is off, it never asks."
_SHOWN = ("draft", "awake", "quit", "export_format", "runtime", "fast", "shifts", "overlap", "updates")


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
        self.quit, self.export_format, self.runtime = DropDown(), DropDown(), DropDown()
        self.shifts, self.overlap = DropDown(), DropDown()
        self._computes = Row("R&un on", _COMPUTES, self.runtime)
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
        self.export_format.offer(EXPORTS, now.export_format, usual.export_format)
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
        self._cards = QWidget()
        cards = QVBoxLayout(self._cards)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(12)
        for heading, rows in self._sections():
            cards.addWidget(card(heading, rows))
        self._area = _ScrollArea(self._cards)
        column.addWidget(self._area, 1)
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
                        "If songs are still being separated when I &quit",
                        "Your progress is saved either way.",
                        self.quit,
                    ),
                ],
            ),
            (
                "Export",
                [
                    Row(
                        "&Export format",
                        "WAV and FLAC hold exactly the samples of the stems. MP3 files are small.",
                        self.export_format,
                    )
                ],
            ),
            (
                "Speed and quality",
                [
                    self._computes,
                    Row(
                        "Half &precision (faster)",
                        "Computes with 16-bit numbers where this computer can. The difference is usually not audible.",
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
        self.export_format.chosen.connect(partial(self._set, "export_format"))
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
        """Be as high as the words need, and no higher than the screen: then the settings scroll."""
        margins = self._column.contentsMargins()
        inner = _WIDTH - margins.left() - margins.right()
        cards, note = self._cards.heightForWidth(inner), self.note.heightForWidth(inner)
        rest = margins.top() + margins.bottom() + 2 * self._column.spacing() + note + self.close_button.sizeHint().height()
        highest = self.screen().availableSize().height() - _TITLE_BAR
        # Asked for, not left to Qt: a bar would make the words narrower, and so higher, and thereby needed.
        policy = Qt.ScrollBarPolicy
        self._area.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if cards + rest <= highest else policy.ScrollBarAlwaysOn
        )
        self.setFixedHeight(min(cards + rest, highest))


class _ScrollArea(QScrollArea):
    """Scrolls the settings where the screen is too low for all of them, and follows the keyboard."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for control in content.findChildren(QWidget, options=Qt.FindChildOption.FindChildrenRecursively):
            if control.focusPolicy() & Qt.FocusPolicy.TabFocus:
                control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring the control that takes the focus into view."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched, 0, _AROUND)
        return super().eventFilter(watched, event)


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
