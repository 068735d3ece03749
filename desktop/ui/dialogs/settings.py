"""Settings dialog."""

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from desktop.paths import Home
from desktop.runtime import nvidia
from desktop.settings import Settings, load_settings
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.settings_choices import (
    EXPORT_FORMAT_CHOICES,
    overlap_choices,
    quit_choices,
    runtime_choices,
    shift_choices,
)
from desktop.ui.dialogs.settings_widgets import SettingRow, create_card
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.check_box import Switch
from desktop.ui.widgets.drop_down import DropDown
from desktop.ui.widgets.label import TextLabel

_WIDTH = 684
_SCROLL_MARGIN = 24
"""Pixels kept in view above and below the focused control."""
_MAX_TITLE_BAR_HEIGHT = 40
"""Maximum height in pixels that a window manager adds above the dialog."""
_SAVED_TEXT = "Changes are saved automatically and apply from the next song."
_RUNTIME_TEXT = "Automatic takes the fastest that this computer has."
_UPDATES_TEXT = "Asks about once a day, and sends nothing but that request. While this is off, it never asks."
_SHOWN_SETTINGS = ("draft", "awake", "quit", "export_format", "runtime", "fast", "shifts", "overlap", "updates")


class SettingsDialog(QDialog):
    """Non-modal settings dialog that saves each change at once."""

    about_requested = Signal()
    bin_requested = Signal()
    """Emitted when the user wants to see the removed songs."""

    def __init__(
        self, settings_store: SettingsStore, home: Home, parent: QWidget | None = None, offers_updates: bool = False
    ) -> None:
        """`offers_updates` shows the update setting: the app has a feed that it can check for newer versions."""
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._settings_store = settings_store
        self._home = home
        self.draft, self.awake, self.fast, self.updates = Switch(), Switch(), Switch(), Switch()
        self._offers_updates = offers_updates
        self.quit, self.export_format, self.runtime = DropDown(), DropDown(), DropDown()
        self.shifts, self.overlap = DropDown(), DropDown()
        self._runtime_row = SettingRow("R&un on", _RUNTIME_TEXT, self.runtime)
        self.status_label = TextLabel("", SECONDARY_SIZE)
        self.status_label.setWordWrap(True)
        self.restore_button = PushButton("&Restore defaults")
        self.about_button = PushButton("&About Unbraid")
        self.about_button.setToolTip("Licences, and where things are kept")
        self.bin_button = PushButton("Re&moved songs…")
        self.bin_button.setToolTip("Restore songs that were removed, or free the room that they take")
        self.close_button = PushButton("C&lose", "primary")
        self._build_layout()
        self._connect_signals()
        self.show_settings()

    def show_settings(self) -> None:
        """Show the current settings; a value that is not among the choices shows as the default."""
        current, defaults = self._settings_store.settings, Settings()
        switches = {
            self.draft: current.draft,
            self.awake: current.awake,
            self.fast: current.fast,
            self.updates: current.updates,
        }
        for switch, is_on in switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(is_on)
            switch.blockSignals(blocked)
        self.quit.set_choices(quit_choices(QSystemTrayIcon.isSystemTrayAvailable()), current.quit, defaults.quit)
        self.export_format.set_choices(EXPORT_FORMAT_CHOICES, current.export_format, defaults.export_format)
        self.runtime.set_choices(runtime_choices(), current.runtime, defaults.runtime)
        self.shifts.set_choices(shift_choices(current.shifts), current.shifts, defaults.shifts)
        self.overlap.set_choices(overlap_choices(current.overlap), current.overlap, defaults.overlap)
        self._show_status(is_saved=True)

    def show_on_top(self, last_runtime_text: str = "") -> None:
        """Show or raise the dialog; `last_runtime_text` is a sentence on the runtime that the last song used."""
        self._runtime_row.set_explanation(
            " ".join(filter(None, (_RUNTIME_TEXT, last_runtime_text, nvidia.setup_hint())))
        )
        if not self.isVisible():
            self.show_settings()
        self.show()
        self.raise_()
        self.activateWindow()

    def restore_defaults(self) -> None:
        """Reset every setting of this dialog to its default, and save."""
        defaults = Settings()
        saved = self._save_values(**{name: getattr(defaults, name) for name in _SHOWN_SETTINGS})
        self.show_settings()
        self._show_status(saved)

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the Close button.

        Space, pressed out of habit to play, must not change a setting.
        """
        super().showEvent(event)
        self._fit_height()
        self.close_button.setFocus()

    def _build_layout(self) -> None:
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        self._cards = QWidget()
        cards = QVBoxLayout(self._cards)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(12)
        for heading, rows in self._sections():
            cards.addWidget(create_card(heading, rows))
        self._scroll_area = _ScrollArea(self._cards)
        column.addWidget(self._scroll_area, 1)
        column.addWidget(self.status_label)
        buttons = QHBoxLayout()
        buttons.addWidget(self.restore_button)
        buttons.addWidget(self.about_button)
        buttons.addWidget(self.bin_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)
        self.setFixedWidth(_WIDTH)

    def _sections(self) -> list[tuple[str, list[SettingRow]]]:
        sections = self._separation_sections()
        if self._offers_updates:
            sections.append(("Unbraid itself", [SettingRow("Look for &new versions", _UPDATES_TEXT, self.updates)]))
        return sections

    def _separation_sections(self) -> list[tuple[str, list[SettingRow]]]:
        return [
            (
                "While songs are separated",
                [
                    SettingRow(
                        "&Draft while you wait",
                        "Hear a rough version of every stem within seconds, while the model works on the real one.",
                        self.draft,
                    ),
                    SettingRow(
                        "&Keep the computer awake",
                        "It does not go to sleep by itself before the songs are done.",
                        self.awake,
                    ),
                    SettingRow(
                        "If songs are still being separated when I &quit",
                        "Your progress is saved either way.",
                        self.quit,
                    ),
                ],
            ),
            (
                "Export",
                [
                    SettingRow(
                        "&Export format",
                        "WAV and FLAC hold exactly the samples of the stems. MP3 files are small.",
                        self.export_format,
                    )
                ],
            ),
            (
                "Speed and quality",
                [
                    self._runtime_row,
                    SettingRow(
                        "Half &precision (faster)",
                        "Computes with 16-bit numbers where this computer can. The difference is usually not audible.",
                        self.fast,
                    ),
                    SettingRow(
                        "Careful &separation",
                        "Separates the song several times, slightly shifted, and averages. "
                        "2 passes take twice as long.",
                        self.shifts,
                    ),
                    SettingRow(
                        "&Overlap",
                        "A song is separated in pieces. The more they overlap, the smoother the joins, "
                        "but the slower it goes.",
                        self.overlap,
                    ),
                ],
            ),
        ]

    def _connect_signals(self) -> None:
        self.draft.toggled.connect(partial(self._set_value, "draft"))
        self.awake.toggled.connect(partial(self._set_value, "awake"))
        self.quit.value_selected.connect(partial(self._set_value, "quit"))
        self.export_format.value_selected.connect(partial(self._set_value, "export_format"))
        self.fast.toggled.connect(partial(self._set_value, "fast"))
        self.runtime.value_selected.connect(partial(self._set_value, "runtime"))
        self.shifts.value_selected.connect(partial(self._set_value, "shifts"))
        self.overlap.value_selected.connect(partial(self._set_value, "overlap"))
        self.updates.toggled.connect(partial(self._set_value, "updates"))
        self.restore_button.clicked.connect(self.restore_defaults)
        self.about_button.clicked.connect(self.about_requested)
        self.bin_button.clicked.connect(self.bin_requested)
        self.close_button.clicked.connect(self.close)

    def _set_value(self, name: str, value: str | float) -> None:
        self._save_values(**{name: value})

    def _save_values(self, **values: str | float) -> bool:
        """Change the settings in the store. Return whether they were saved to disk."""
        self._settings_store.change(**values)
        saved = self._is_saved()
        self._show_status(saved)
        return saved

    def _is_saved(self) -> bool:
        current, saved = self._settings_store.settings, load_settings(self._home)
        # Compared as strings: a damaged file may hold a NaN, which is not equal to itself.
        return all(str(getattr(current, name)) == str(getattr(saved, name)) for name in _SHOWN_SETTINGS)

    def _show_status(self, is_saved: bool) -> None:
        text = _SAVED_TEXT if is_saved else _not_saved_text(self._home)
        if text != self.status_label.text():
            self.status_label.setText(text)
            self.status_label.set_colour(Colour.DIM if is_saved else Colour.BAD)
            self._fit_height()

    def _fit_height(self) -> None:
        """Fit the height to the content, limited to the screen's height; the settings scroll beyond that."""
        margins = self._column.contentsMargins()
        inner_width = _WIDTH - margins.left() - margins.right()
        cards_height = self._cards.heightForWidth(inner_width)
        status_height = self.status_label.heightForWidth(inner_width)
        spacing = 2 * self._column.spacing()
        button_height = self.close_button.sizeHint().height()
        other_height = margins.top() + margins.bottom() + spacing + status_height + button_height
        max_height = self.screen().availableSize().height() - _MAX_TITLE_BAR_HEIGHT
        # Set here, not by Qt: a scroll bar would narrow and so heighten the text, which would then need the bar.
        policy = Qt.ScrollBarPolicy
        self._scroll_area.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if cards_height + other_height <= max_height else policy.ScrollBarAlwaysOn
        )
        self.setFixedHeight(min(cards_height + other_height, max_height))


class _ScrollArea(QScrollArea):
    """Scroll area that keeps the focused control in view."""

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
        """Scroll a control into view when it gets the focus."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched, 0, _SCROLL_MARGIN)
        return super().eventFilter(watched, event)


def _not_saved_text(home: Home) -> str:
    return (
        f"This could not be saved in {home.settings}, so the next song will not follow it. "
        "Make room on the disk and see that the file may be written, then change it again."
    )
