"""Player header: title and details of the shown job, and its actions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from desktop.jobs.model import Job, JobState
from desktop.jobs.text import (
    format_last_attempt,
    format_stem_count,
    format_sum_check,
    format_sum_difference,
    sums_exactly,
)
from desktop.stage import Stage
from desktop.text.durations import format_duration, format_retry_delay
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_actions import header_actions
from desktop.ui.core.job_text import format_artist, format_runtime, format_title, model_title
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PushButton, TextButton, create_icon_button
from desktop.ui.widgets.label import Chip, ElidedLabel, TwoLineLabel

HEIGHT = 48
_ARTIST_WIDTH = 96
"""Width in pixels that the artist keeps beside a long title."""


class PlayerHeader(QWidget):
    """Title, artist, length, model and sum check; on the right zoom reset, export, actions and menu."""

    fit_requested = Signal()
    export_requested = Signal()
    action_requested = Signal(object)
    """ActionId of the clicked button."""
    menu_requested = Signal(QPoint)
    """Position on the screen at which the job's menu is to open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._title = ElidedLabel(15, 600)
        self._artist = ElidedLabel(13, 400, Colour.DIM)
        self._length, self._model, self._sum_chip = Chip(), Chip(), Chip()
        self._notices = TwoLineLabel(12, 400, Colour.DIM)
        self._notices.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit_button = TextButton(tr("Show whole song"), tr("Show the whole song (F, or double-click)"))
        self._fit_button.clicked.connect(self.fit_requested)
        self._export_button = create_export_button(self.export_requested.emit)
        # The buttons in the table's rows are only painted: the keyboard and assistive technology cannot reach them,
        # but they can reach these.
        self._actions: dict[ActionId, PushButton] = {}
        self._action_row = QHBoxLayout()
        self._action_row.setSpacing(4)
        self._menu_button = create_menu_button(self.menu_requested.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 10, 0)
        row.setSpacing(12)
        for line in (self._title, self._artist, self._length, self._model, self._sum_chip):
            row.addWidget(line)
        row.addWidget(self._notices, 1)
        row.addStretch(0)  # takes the space while there are no notices
        row.addWidget(self._fit_button)
        row.addWidget(self._export_button)
        row.addLayout(self._action_row)
        row.addSpacing(-8)
        row.addWidget(self._menu_button)
        self.show_zoom(True)

    def show_job(self, job: Job) -> None:
        """Show title, details, actions and notices of a job."""
        self._title.show_text(format_title(job))
        self._menu_button.setAccessibleName(tr("Actions for {title}", title=format_title(job)))
        self._set_actions(header_actions(job))
        self._show_text(self._artist, format_artist(job))
        self._artist.setMinimumWidth(min(self._artist.sizeHint().width(), _ARTIST_WIDTH))
        self._show_text(self._length, format_duration(job.seconds) if job.seconds else "")
        played_job = job.result or job
        self._show_text(
            self._model, model_title(played_job) if played_job.model else "", format_runtime(played_job.runtime)
        )
        self._export_button.setVisible(bool(job.stems))
        sum_text = (
            " · ".join(filter(None, (format_stem_count(played_job), format_sum_check(played_job))))
            if job.result
            else ""
        )
        self._sum_chip.set_colour(Colour.GOOD if sums_exactly(played_job) else Colour.DIM)
        self._show_text(self._sum_chip, sum_text, format_sum_difference(played_job))
        self._show_text(self._notices, "  ".join(list_notices(job)))

    def _set_actions(self, actions: Sequence[ActionId]) -> None:
        """Show a button for each action; keep the buttons if the actions are the same."""
        if list(self._actions) == list(actions):
            return
        old_buttons, self._actions = list(self._actions.values()), {}
        for action in actions:
            self._actions[action] = button = create_icon_button(ACTIONS[action].icon, ACTIONS[action].text, parent=self)
            button.clicked.connect(partial(self.action_requested.emit, action))
            self._action_row.addWidget(button)
            button.show()
        self._menu_button.raise_()  # so that it follows them in the tab order
        if any(button.hasFocus() for button in old_buttons):
            next(iter(self._actions.values())).setFocus()
        for button in old_buttons:
            button.hide()
            button.deleteLater()

    def show_zoom(self, is_whole_song: bool) -> None:
        """Show the button that resets the zoom unless the whole track is in view."""
        self._fit_button.setVisible(not is_whole_song)

    def _show_text(self, label: ElidedLabel, text: str, tooltip: str = "") -> None:
        label.show_text(text, tooltip)
        label.setVisible(bool(text))

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.BACKGROUND))
        painter.fillRect(0, 0, self.width(), 1, theme.colour(Colour.LINE))


def create_export_button(export: Callable[[], None]) -> TextButton:
    """Return the button that exports the stems of the shown job."""
    action = ACTIONS[ActionId.EXPORT]
    button = TextButton(tr("Export…"), action.tooltip(tr("Export the stems to a folder")), is_primary=True)
    button.setAccessibleName(action.text)
    button.clicked.connect(lambda: export())
    return button


def create_menu_button(open_menu: Callable[[QPoint], None]) -> PushButton:
    """Return the button of the shown job's menu; `open_menu` gets the position on the screen below it."""
    button = create_icon_button("dots", tr("Actions"))
    button.clicked.connect(lambda: open_menu(button.mapToGlobal(button.rect().bottomLeft())))
    return button


def list_notices(job: Job) -> list[str]:
    """Return notices about the stems that are played, and about a later attempt to separate again."""
    if job.result is None:
        return []
    attempt = _format_running_attempt(job) if job.earlier else format_last_attempt(job)
    return [*filter(None, [attempt]), *map(str, job.result.notices)]


def _format_running_attempt(job: Job) -> str:
    """Return a sentence on how far a job is that is separated again."""
    percent = int(job.progress * 100)
    if job.state is JobState.PENDING:
        retry_delay = job.retry_delay(datetime.now(UTC))
        if retry_delay:
            return tr("Trying again in {delay}.", delay=format_retry_delay(retry_delay))
        if job.paused and job.progress:
            return tr("Separating again: paused at {percent} %.", percent=percent)
        if job.paused:
            return tr("Separating again: paused.")
        if job.progress:
            return tr("Separating again: queued at {percent} %.", percent=percent)
        return tr("Queued to be separated again.")
    match job.stage:
        case Stage.DOWNLOADING:
            return tr("Separating again: downloading the model.")
        case Stage.DECODING:
            return tr("Separating again: reading the song.")
        case Stage.SEPARATING:
            return tr("Separating again {percent} %.", percent=percent)
        case Stage.WRITING:
            return tr("Separating again: writing the stems {percent} %.", percent=percent)
        case None:
            return tr("Separating again: loading the model.")
