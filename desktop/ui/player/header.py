"""The player's first row: which song this is, what came of it, and what can be done to it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from desktop.jobs.model import Job
from desktop.jobs.sentences import attempt_words, stem_count, sum_figure, sum_words, sums_exactly
from desktop.ui.controls import ShellButton, square
from desktop.ui.jobs import cells
from desktop.ui.jobs.buttons import JobAction, offered_in_player
from desktop.ui.jobs.columns import Column
from desktop.ui.player.buttons import Button
from desktop.ui.player.sentences import model_title, runtime_words, waiting_words
from desktop.ui.player.words import Chip, Line, Note
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.waveform.clock import clock

HEIGHT = 48


class TextButton(Button):
    """A button that says in words what it does; `accent` for the one next action."""

    def __init__(self, words: str, hint: str, accent: bool = False, parent: QWidget | None = None) -> None:
        width = QFontMetrics(ui_font(13, 500)).horizontalAdvance(words) + 24
        super().__init__(words, QSize(width, 32), parent)
        self.setText(words)
        self.setToolTip(hint)
        self._ground, self._ink = (tokens.ACCENT, tokens.ON_ACCENT) if accent else (tokens.RAISED, tokens.TEXT)

    def paintEvent(self, e: QPaintEvent) -> None:
        """Draw the words on their ground."""
        painter = QPainter(self)
        self.ground(painter, QColor(self._ground), 8)
        painter.setFont(ui_font(13, 500))
        painter.setPen(QColor(self._ink))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())


class PlayerHeader(QWidget):
    """Title, artist, length, model, and whether the stems add up; at the right, the way back from a zoom, export, menu."""

    fit_requested = Signal()
    export_requested = Signal()
    action_requested = Signal(object)
    """The JobAction of a button."""
    menu_requested = Signal(QPoint)
    """Where the song's menu is to open, on the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._title = Line(15, 600)
        self._artist = Line(13, 400, tokens.DIM)
        self._length, self._model, self._sum = Chip(), Chip(), Chip()
        self._notices = Note(12, 400, tokens.DIM)
        self._notices.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit = TextButton("Show whole song", "Show the whole song (F, or double-click)")
        self._fit.clicked.connect(self.fit_requested)
        self._export = TextButton("Export…", "Export the stems to a folder (Ctrl+E)", accent=True)
        self._export.setAccessibleName("Export stems")
        self._export.clicked.connect(self.export_requested)
        # The buttons in the table's rows are painted, and out of reach of the keyboard and of assistive technology.
        self._actions: dict[JobAction, ShellButton] = {}
        self._action_row = QHBoxLayout()
        self._action_row.setSpacing(4)
        self._menu = square("dots", "Actions")
        self._menu.clicked.connect(
            lambda: self.menu_requested.emit(self._menu.mapToGlobal(self._menu.rect().bottomLeft()))
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 10, 0)
        row.setSpacing(12)
        for line in (self._title, self._artist, self._length, self._model, self._sum):
            row.addWidget(line)
        row.addWidget(self._notices, 1)
        row.addStretch(0)  # takes the room while there are no notices
        row.addWidget(self._fit)
        row.addWidget(self._export)
        row.addLayout(self._action_row)
        row.addSpacing(-8)
        row.addWidget(self._menu)
        self.show_whole(True)

    def show_job(self, job: Job) -> None:
        """Show what is known of a job."""
        self._title.say(cells.title(job))
        self._menu.setAccessibleName(f"Actions for {cells.title(job)}")
        self._offer(offered_in_player(job))
        self._show(self._artist, cells.text(job, Column.ARTIST))
        self._show(self._length, clock(job.seconds) if job.seconds else "")
        heard = job.result or job
        self._show(self._model, model_title(heard) if heard.model else "", runtime_words(heard.runtime))
        self._export.setVisible(bool(job.stems))
        words = " · ".join(filter(None, (stem_count(heard), sum_words(heard)))) if job.result else ""
        self._sum.paint_in(tokens.GOOD if sums_exactly(heard) else tokens.DIM)
        self._show(self._sum, words, sum_figure(heard))
        self._show(self._notices, "  ".join(_notices(job)))

    def _offer(self, actions: Sequence[tuple[JobAction, str]]) -> None:
        """Show a button for each action, which comes with its sign; buttons that are there already stay."""
        if list(self._actions) == [action for action, _ in actions]:
            return
        before, self._actions = list(self._actions.values()), {}
        for action, sign in actions:
            self._actions[action] = button = square(sign, action.value, self)
            button.clicked.connect(partial(self.action_requested.emit, action))
            self._action_row.addWidget(button)
            button.show()
        self._menu.raise_()  # Tab comes to it after them
        if any(button.hasFocus() for button in before):
            next(iter(self._actions.values())).setFocus()
        for button in before:
            button.hide()
            button.deleteLater()

    def show_whole(self, whole: bool) -> None:
        """Offer the way back while only a part of the song is in view."""
        self._fit.setVisible(not whole)

    def _show(self, line: Line, words: str, hint: str = "") -> None:
        line.say(words, hint)
        line.setVisible(bool(words))

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Fill the ground, and the line above it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.BACKGROUND))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.LINE))


def _notices(job: Job) -> list[str]:
    """Return what is to be said of the stems that are played, and of an attempt to make others."""
    if job.result is None:
        return []
    attempt = _attempt_in_work(job) if job.earlier else attempt_words(job)
    return [*filter(None, [attempt]), *job.result.notices]


def _attempt_in_work(job: Job) -> str:
    words = waiting_words(job)
    return f"{words}." if "again" in words else f"Separating again: {words[0].lower()}{words[1:]}."
