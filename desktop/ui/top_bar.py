"""The first row of the window: search, add songs, and how the queue is doing."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.models.shelf import Model
from desktop.ui.accessibility import accessible_role
from desktop.ui.controls import ProgressBar, ShellButton
from desktop.ui.jobs.queue_times import Batch, batch_words
from desktop.ui.model_menu import ModelMenu
from desktop.ui.player.words import Line
from desktop.ui.search_field import SearchField
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import TITLE, ui_font
from desktop.ui.theme.sign import Mark

_ROOMY = 1240
"""From this width on there is room for the whole bar and the time left."""
_BAR, _SHORT_BAR = 140, 56


@accessible_role(QAccessible.Role.ToolBar)
class TopBar(QWidget):
    """Search, add, and the batch with its progress; the model for the next songs; the settings."""

    add_asked = Signal()
    add_folder_asked = Signal()
    searched = Signal(str)
    model_chosen = Signal(str)
    hold_asked = Signal(bool)
    """The queue shall be paused, or go on."""
    settings_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Main")
        self.setFixedHeight(tokens.TOP_BAR)
        self.search = SearchField()
        self.search.searched.connect(self.searched)
        self.add = ShellButton("Add songs", "primary", "plus")
        self.add.setToolTip("Choose songs to separate (Ctrl+O)")
        self.add.clicked.connect(self.add_asked)
        self.add_folder = ShellButton("", sign="folder", name="Add folder")
        self.add_folder.setIconSize(QSize(16, 16))
        self.add_folder.setToolTip("Add all songs of a folder (Ctrl+Shift+O)")
        self.add_folder.clicked.connect(self.add_folder_asked)
        self._doing, self._left = Line(13, 400, tokens.DIM), Line(13, 400, tokens.DIM)
        self._bar = ProgressBar("Songs separated")
        self.pause = ShellButton("Pause")
        self.pause.clicked.connect(self._ask_to_hold)
        self._paused = False
        self._batch: Batch | None = None
        self.models = ModelMenu()
        self.models.chosen.connect(self.model_chosen)
        self.settings = self._settings_button()
        self._arrange()
        self.show_paused(False)

    def _settings_button(self) -> ShellButton:
        button = ShellButton("", sign="gear", name="Settings")
        button.setIconSize(QSize(16, 16))
        button.setToolTip("Settings (Ctrl+,)")
        button.clicked.connect(self.settings_asked)
        return button

    def _arrange(self) -> None:
        name = QLabel("Unbraid")
        name.setFont(ui_font(TITLE, 700))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 1)
        row.setSpacing(12)
        row.addWidget(Mark())
        row.addSpacing(-4)
        row.addWidget(name)
        row.addSpacing(20)
        row.addWidget(self.search, 1)
        row.addWidget(self.add)
        row.addSpacing(-4)
        row.addWidget(self.add_folder)
        row.addStretch()
        for widget in (self._doing, self._bar, self._left, self.pause, self.models, self.settings):
            row.addWidget(widget)

    def offer_adding(self, offered: bool) -> None:
        """Show the buttons that add songs: not while the empty page has larger ones."""
        self.add.setVisible(offered)
        self.add_folder.setVisible(offered)

    def show_batch(self, batch: Batch | None) -> None:
        """Tell how the queue is doing; None: it is empty."""
        self._batch = batch
        doing, left = batch_words(batch, self._paused) if batch else ("", "")
        self.pause.setVisible(batch is not None or self._paused)
        self._doing.say(doing)
        self._left.say(left)
        self._doing.setVisible(batch is not None)
        self._bar.setVisible(batch is not None and (batch.running or batch.progress > 0))
        self._bar.setFixedWidth(_BAR if self.width() >= _ROOMY else _SHORT_BAR)
        self._left.setVisible(bool(left) and self.width() >= _ROOMY)
        if batch is not None:
            self._bar.show_part(batch.progress)

    def show_paused(self, paused: bool) -> None:
        """Tell whether the queue is held, and offer the other."""
        self._paused = paused
        self.pause.setText("Resume" if paused else "Pause")
        self.pause.setAccessibleName("Resume the queue" if paused else "Pause the queue")
        self.pause.setToolTip(
            "Resume the queued songs (Ctrl+Shift+P)"
            if paused
            else "Pause all songs. Finished parts are kept (Ctrl+Shift+P)"
        )
        self.show_batch(self._batch)

    def _ask_to_hold(self) -> None:
        self.hold_asked.emit(not self._paused)

    def say(self, words: str) -> None:
        """Tell what is going on besides, while the queue has nothing to tell."""
        self._doing.say(words)
        self._doing.setVisible(bool(words))

    def show_models(self, models: Sequence[Model], chosen: str) -> None:
        """Offer these models."""
        self.models.show_models(models, chosen)

    def search_for(self, text: str) -> None:
        """Show only songs that match, at once; the field says so."""
        self.search.setText(text)
        self.search.search_now()

    def clear_search(self) -> None:
        """Show every song again, at once."""
        self.search_for("")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line below."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.LINE))
