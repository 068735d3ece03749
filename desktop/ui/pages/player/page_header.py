"""Header of the Player page: cover, title, tempo, key and model; on the right snapshots, undo, view and export."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from desktop.jobs.model import Job
from desktop.jobs.text import format_stem_count, format_sum_check, format_sum_difference, sums_exactly
from desktop.playback.song_state import SNAPSHOTS
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_text import format_artist, format_title, model_title
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.header import create_export_button, create_menu_button, list_notices
from desktop.ui.pages.player.key_menu import KeyMenu, format_song_key
from desktop.ui.pages.player.tempo_popup import TempoPopup, format_bpm
from desktop.ui.theme import metrics
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import ChipButton, create_square_button
from desktop.ui.widgets.label import Chip, ElidedLabel
from desktop.ui.widgets.segmented_control import Segment, SegmentedControl

HEIGHT = 52
DrawCover = Callable[[QPainter, QRectF, Job], None]
_WIDE = 1240
"""Width in pixels from which sentences fit into the chips of tempo and key."""
_TITLE_WIDTH = 110
"""Width in pixels that the title keeps; chips give way before it."""


class Cover(QWidget):
    """Cover of a song."""

    def __init__(self, draw: DrawCover, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw = draw
        self.job: Job | None = None
        self.setFixedSize(QSize(metrics.COVER_SIZE, metrics.COVER_SIZE))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.job is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter, QRectF(self.rect()), self.job)


class PageHeader(QWidget):
    """What the song is, and what concerns all of its lanes. What does not fit is left out from the right."""

    export_requested = Signal()
    action_requested = Signal(object)
    """ActionId of the clicked button."""
    menu_requested = Signal(QPoint)
    """Position on the screen at which the job's menu is to open."""

    def __init__(self, controller: PlayerController, draw_cover: DrawCover, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._controller, self._practice = controller, controller.practice
        self.cover = Cover(draw_cover)
        self._title, self._artist = ElidedLabel(15, 600), ElidedLabel(12, 400, Colour.DIM)
        self.tempo_chip, self.key_chip = ChipButton(tr("Tempo")), ChipButton(tr("Key"))
        self.tempo_chip.clicked.connect(self.open_tempo)
        self._key_menu = KeyMenu(controller, self)
        self.key_chip.setMenu(self._key_menu)
        self._model, self._sum_chip = Chip(), Chip()
        self._notices = ElidedLabel(12, 400, Colour.DIM)
        self._notices.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        names = [tr("Mix {name}", name=name) for name in SNAPSHOTS]
        segments = [Segment(*values) for values in zip(SNAPSHOTS, (names[0], *SNAPSHOTS[1:]), names, strict=True)]
        self.snapshots = SegmentedControl(tr("Mix"), segments)
        mix_keys = ACTIONS[ActionId.CHOOSE_MIX].key_texts
        self.snapshots.setToolTip(
            tr("Four mixes of this song to switch between ({first} to {last})", first=mix_keys[0], last=mix_keys[-1])
        )
        self.snapshots.value_selected.connect(controller.choose_snapshot)
        self._undo, self._redo = (
            self._create_button(action) for action in (ActionId.UNDO_CHANGE, ActionId.REDO_CHANGE)
        )
        self.drawing = SegmentedControl(
            tr("Lanes show"), [Segment(False, tr("Waveform")), Segment(True, tr("Spectrogram"))]
        )
        self.drawing.value_selected.connect(self._set_spectrogram)
        lyrics = ACTIONS[ActionId.SHOW_LYRICS]
        self.lyrics_button = create_square_button(lyrics.icon, tr("Lyrics"), lyrics.tooltip())
        self.lyrics_button.setCheckable(True)
        self._export_button = create_export_button(self.export_requested.emit)
        self._menu_button = create_menu_button(self.menu_requested.emit)
        self._build_layout()
        self._practice.changed.connect(self.refresh)
        controller.mix.changed.connect(self._refresh_undo)
        controller.analysis.changed.connect(self.refresh)
        controller.loaded_changed.connect(self.refresh)
        self.refresh()

    def _create_button(self, action_id: ActionId) -> QWidget:
        action = ACTIONS[action_id]
        button = create_square_button(action.icon, action.text, action.tooltip())
        button.clicked.connect(partial(self.action_requested.emit, action_id))
        return button

    def _build_layout(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addStretch(1)
        names.addWidget(self._title)
        names.addWidget(self._artist)
        names.addStretch(1)
        self._names = QWidget()
        names.setContentsMargins(0, 0, 0, 0)
        self._names.setLayout(names)
        self._names.setMinimumWidth(_TITLE_WIDTH)
        self._names.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 10, 0)
        row.setSpacing(10)
        self._always_shown = (
            self.cover, self._names, self.tempo_chip, self.key_chip, self.snapshots, self._undo, self._redo,
            self.drawing, self.lyrics_button, self._export_button, self._menu_button,
        )  # fmt: skip
        for widget in (self.cover, self._names, self.tempo_chip, self.key_chip, self._model, self._sum_chip):
            row.addWidget(widget)
        row.addWidget(self._notices, 1)
        row.addStretch(0)
        for widget in self._always_shown[4:]:
            row.addWidget(widget)

    def show_job(self, job: Job) -> None:
        """Show title, details and notices of a job."""
        self.cover.job = job
        self.cover.update()
        self._title.show_text(format_title(job))
        self._artist.show_text(" · ".join(filter(None, (format_artist(job), job.album))))
        self._artist.setVisible(bool(self._artist.text()))
        self._menu_button.setAccessibleName(tr("Actions for {title}", title=format_title(job)))
        played = job.result or job
        model = model_title(played) if played.model else ""
        stem_count = format_stem_count(played) if job.result else ""
        self._model.show_text(" · ".join(filter(None, (model, stem_count))))
        self._sum_chip.set_colour(Colour.GOOD if sums_exactly(played) else Colour.DIM)
        self._sum_chip.show_text(format_sum_check(played) if job.result else "", format_sum_difference(played))
        self._notices.show_text("  ".join(list_notices(job)))
        self._export_button.setVisible(bool(job.stems))
        self._fold()

    def refresh(self) -> None:
        """Show tempo, key and snapshot, and how lanes are drawn."""
        is_ready, state = self._controller.is_ready, self._practice.state
        self.snapshots.show_value(state.snapshot)
        self.drawing.show_value(state.view.is_spectrogram)
        for control in (self.tempo_chip, self.key_chip, self.snapshots, self.drawing):
            control.setEnabled(is_ready)
        self._refresh_undo()
        for chip in (self.tempo_chip, self.key_chip):
            chip.setVisible(is_ready)  # nothing listens to a song that failed
        self._fold()

    def _refresh_undo(self) -> None:
        self._undo.setEnabled(self._controller.can_undo)
        self._redo.setEnabled(self._controller.can_redo)

    def open_tempo(self) -> None:
        """Open the tempo popup."""
        TempoPopup(self._controller, self.window()).open_below(self.tempo_chip)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def _fold(self) -> None:
        """Shorten the chips, and leave out those and the notices that do not fit."""
        is_short = self.width() < _WIDE
        self.tempo_chip.show_value(format_bpm(self._controller, is_short=is_short))
        self.key_chip.show_value(format_song_key(self._controller, is_short))
        shown = [widget for widget in self._always_shown if not widget.isHidden()]
        widths = [max(widget.sizeHint().width(), widget.minimumWidth()) for widget in shown]
        space = self.width() - 26 - sum(widths) - 10 * len(widths)
        for label in (self._sum_chip, self._model, self._notices):
            width = label.sizeHint().width() + 10
            fits = bool(label.text()) and (width <= space or (label is self._notices and space > 80))
            label.setVisible(fits)
            space -= width if fits else 0

    def _set_spectrogram(self, is_spectrogram: object) -> None:
        self._practice.set_view(is_spectrogram=bool(is_spectrogram))

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.BACKGROUND))
