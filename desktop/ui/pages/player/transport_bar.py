"""Transport bar, the last row of the window: play, stop, time and master level."""

from functools import partial
from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from desktop.text.durations import describe_duration, format_duration, format_duration_tenths
from desktop.text.message import tr
from desktop.ui.core.actions import ACTIONS, ActionId
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.metrics import FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PaintedButton, create_icon_button
from desktop.ui.widgets.fader import Fader
from desktop.ui.widgets.label import ElidedLabel
from desktop.ui.widgets.levels import format_db

HEIGHT = 64
MIN_TIME_WIDTH = 126
TIME_INDENT = 4
"""Pixels between the focus ring and the time."""
KEY_STEP_S, PAGE_STEP_S = 5, 30
_ICON_BUTTON_SIZE = QSize(32, 32)


class PlayButton(PaintedButton):
    """Round play button: a triangle, or two bars during playback."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Play"), QSize(40, 40), parent)
        self._is_playing = False
        self.show_playing(False)

    def show_playing(self, is_playing: bool) -> None:
        """Show what the next click does: pause or play."""
        self._is_playing = is_playing
        self.setAccessibleName(tr("Pause") if is_playing else tr("Play"))
        self.setToolTip(ACTIONS[ActionId.PLAY_OR_PAUSE].tooltip(self.accessibleName()))
        self.update()

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_background(painter, theme.colour(Colour.TEXT if self.isEnabled() else Colour.RAISED), 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Colour.BACKGROUND if self.isEnabled() else Colour.FAINT))
        if self._is_playing:
            for left in (13.5, 22.5):
                painter.drawRoundedRect(QRectF(left, 13, 4.5, 14), 1, 1)
        else:
            painter.drawPolygon(QPolygonF([QPointF(15, 12), QPointF(29, 20), QPointF(15, 28)]))


class TimeReadout(QSlider):
    """Shows "1:17.4 / 4:12", and is repainted only when a tenth of a second has passed.

    For the keyboard and for assistive technology it is the playhead, a slider in whole seconds. It ignores the mouse.
    """

    seek_requested = Signal(int)
    """Seek target in seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._position_text, self._duration_text, self._widest_text = "0:00.0", "", "0:00.0"
        self._large_font, self._small_font = ui_font(18, 600), ui_font(13)
        self.setSingleStep(KEY_STEP_S)
        self.setPageStep(PAGE_STEP_S)
        self.setAccessibleName(tr("Playhead"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.valueChanged.connect(self.seek_requested)

    @property
    def text(self) -> str:
        """Shown text."""
        return f"{self._position_text} / {self._duration_text}" if self._duration_text else self._position_text

    def show_times(self, position: float, duration: float) -> None:
        """Show playhead and track length in seconds; a length of 0 means no track."""
        position_text, duration_text = format_duration_tenths(position), format_duration(duration) if duration else ""
        if (position_text, duration_text) == (self._position_text, self._duration_text):
            return
        if duration_text != self._duration_text:
            self._duration_text = duration_text
            self._widest_text = format_duration_tenths(duration)
            self.updateGeometry()
        self._position_text = position_text
        self._update_slider(position, duration)
        self.update()

    def _update_slider(self, position: float, duration: float) -> None:
        """Move the slider without emitting `seek_requested`."""
        blocked = self.blockSignals(True)
        self.setRange(0, ceil(duration))
        self.setValue(int(position))
        self.blockSignals(blocked)
        self.setAccessibleDescription(
            tr("{position} of {length}", position=describe_duration(position), length=describe_duration(duration))
        )

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Ignore the mouse: the time has no slider handle to drag."""
        ev.ignore()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        ev.ignore()

    def wheelEvent(self, e: QWheelEvent) -> None:
        e.ignore()

    def minimumSizeHint(self) -> QSize:
        """Return the full size, because the time must never be cut off."""
        return self.sizeHint()

    def sizeHint(self) -> QSize:
        """Return the size that the longest time of this track needs."""
        position_width = QFontMetrics(self._large_font).horizontalAdvance(self._widest_text)
        duration_width = QFontMetrics(self._small_font).horizontalAdvance(f" / {self._duration_text}")
        return QSize(max(MIN_TIME_WIDTH, TIME_INDENT + position_width + duration_width + 12), 32)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw both times on one baseline, and the focus ring."""
        painter = QPainter(self)
        painter.setFont(self._large_font)
        metrics = painter.fontMetrics()
        baseline = (self.height() + metrics.capHeight()) / 2
        painter.setPen(theme.colour(Colour.TEXT if self._duration_text else Colour.FAINT))
        painter.drawText(QPointF(TIME_INDENT, baseline), self._position_text)
        if self._duration_text:
            x = TIME_INDENT + metrics.horizontalAdvance(self._position_text) + 6
            painter.setFont(self._small_font)
            painter.setPen(theme.colour(Colour.FAINT))
            painter.drawText(QPointF(x, baseline), f"/ {self._duration_text}")
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(QRectF(1, self.height() / 2 - 17, self.width() - 4, 34), 6, 6)


@accessible_role(QAccessible.Role.Grouping)
class TransportBar(QWidget):
    """Play, time, return to start, stop and master fader."""

    action_requested = Signal(object)
    """ActionId of the clicked button."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Transport"))
        self.setFixedHeight(HEIGHT)
        self._controller = controller
        self._play_button = PlayButton()
        to_start = ACTIONS[ActionId.RETURN_TO_START]
        self._to_start_button = create_icon_button(to_start.icon, to_start.text, to_start.tooltip(), "plain")
        stop = ACTIONS[ActionId.STOP]
        self._stop_button = create_icon_button(
            stop.icon, stop.text, stop.tooltip(tr("Stop: pause and go back to the start")), "plain"
        )
        for button in (self._to_start_button, self._stop_button):
            button.setFixedSize(_ICON_BUTTON_SIZE)
            button.setStyleSheet("padding: 0;")
        self._time_readout = TimeReadout()
        self._master_fader = Fader(tr("Master level"), Colour.TEXT)
        self._master_fader.setFixedWidth(162)
        self._master_level_label = ElidedLabel(13, 400, Colour.DIM).align_right()
        self._master_level_label.setFixedWidth(58)
        self._build_layout()
        for button, action in (
            (self._play_button, ActionId.PLAY_OR_PAUSE),
            (self._to_start_button, ActionId.RETURN_TO_START),
            (self._stop_button, ActionId.STOP),
        ):
            button.clicked.connect(partial(self.action_requested.emit, action))
        self._time_readout.seek_requested.connect(controller.seek_to_seconds)
        self._master_fader.db_changed.connect(controller.mix.set_master_db)
        controller.mix.master_changed.connect(self._show_master)
        controller.playing_changed.connect(self._play_button.show_playing)
        controller.position_changed.connect(self._show_time)
        controller.loaded_changed.connect(self._update_controls)
        self._show_master(controller.mix.master_db)
        self._update_controls()

    def _build_layout(self) -> None:
        master_label = ElidedLabel(13, 400, Colour.DIM)
        master_label.show_text(tr("Master"))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 1, 16, 0)
        row.setSpacing(12)
        row.addWidget(self._play_button)
        row.addSpacing(-TIME_INDENT)
        row.addWidget(self._time_readout)
        row.addWidget(VerticalLine())
        row.addWidget(self._to_start_button)
        row.addSpacing(-4)
        row.addWidget(self._stop_button)
        row.addStretch(1)
        row.addWidget(master_label)
        row.addSpacing(-8)
        row.addWidget(self._master_fader)
        row.addSpacing(-8)
        row.addWidget(self._master_level_label)

    def _update_controls(self) -> None:
        for control in (self._play_button, self._time_readout, self._to_start_button, self._stop_button):
            control.setEnabled(self._controller.is_ready)
        if not self._controller.is_ready:
            self._play_button.setToolTip(tr("Choose a separated song to play it"))
        else:
            self._play_button.show_playing(self._controller.is_playing)
        self._show_time()

    def _show_time(self) -> None:
        self._time_readout.show_times(self._controller.position_seconds, self._controller.duration)

    def _show_master(self, db: float) -> None:
        self._master_fader.show_db(db)
        self._master_level_label.show_text(format_db(db))

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.fillRect(0, 0, self.width(), 1, theme.colour(Colour.LINE))


class VerticalLine(QWidget):
    """Vertical line between two groups of controls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(1, 32)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, ev: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour(Colour.LINE))
