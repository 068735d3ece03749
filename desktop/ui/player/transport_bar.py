"""The last row of the window: play, where we are, and how loud everything is."""

from math import ceil

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from desktop.ui.accessibility import accessible_role
from desktop.ui.player.buttons import PlayButton, SignButton
from desktop.ui.player.controller import PlayerController
from desktop.ui.player.fader import Fader
from desktop.ui.player.levels import written
from desktop.ui.player.words import Line
from desktop.ui.theme import tokens
from desktop.ui.theme.fonts import ui_font
from desktop.ui.waveform.clock import clock, clock_with_tenths, spoken

HEIGHT = 64
NARROWEST_TIME = 126
TIME_LEFT = 4
"""Pixels between the focus ring and the time."""
KEY_SECONDS, PAGE_SECONDS = 5, 30


class TimeReadout(QSlider):
    """Shows "1:17.4 / 4:12", painted when a tenth has passed and not before.

    It is the playhead for the keyboard and for assistive technology: a slider in whole seconds. It takes no mouse.
    """

    seek_requested = Signal(int)
    """Seconds to go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._now, self._length, self._longest = "0:00.0", "", "0:00.0"
        self._big, self._small = ui_font(18, 600), ui_font(13)
        self.setSingleStep(KEY_SECONDS)
        self.setPageStep(PAGE_SECONDS)
        self.setAccessibleName("Playhead")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.valueChanged.connect(self.seek_requested)

    @property
    def text(self) -> str:
        """What is shown."""
        return f"{self._now} / {self._length}" if self._length else self._now

    def show_times(self, seconds: float, duration: float) -> None:
        """Show the playhead and the song's length; 0: no song."""
        now, length = clock_with_tenths(seconds), clock(duration) if duration else ""
        if (now, length) == (self._now, self._length):
            return
        if length != self._length:
            self._length = length
            self._longest = clock_with_tenths(duration)
            self.updateGeometry()
        self._now = now
        self._follow(seconds, duration)
        self.update()

    def _follow(self, seconds: float, duration: float) -> None:
        """Move the slider along without asking for a seek."""
        blocked = self.blockSignals(True)
        self.setRange(0, ceil(duration))
        self.setValue(int(seconds))
        self.blockSignals(blocked)
        self.setAccessibleDescription(f"{spoken(seconds)} of {spoken(duration)}")

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Leave the mouse alone: a time is no track to drag along."""
        ev.ignore()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Leave the mouse alone."""
        ev.ignore()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Leave the mouse alone."""
        ev.ignore()

    def wheelEvent(self, e: QWheelEvent) -> None:
        """Leave the wheel alone."""
        e.ignore()

    def minimumSizeHint(self) -> QSize:
        """Return all of its size: a time is never cut."""
        return self.sizeHint()

    def sizeHint(self) -> QSize:
        """Return room for the longest time of this song."""
        now = QFontMetrics(self._big).horizontalAdvance(self._longest)
        of = QFontMetrics(self._small).horizontalAdvance(f" / {self._length}")
        return QSize(max(NARROWEST_TIME, TIME_LEFT + now + of + 12), 32)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Write both times on one base line, and draw the ring of focus."""
        painter = QPainter(self)
        painter.setFont(self._big)
        metrics = painter.fontMetrics()
        base = (self.height() + metrics.capHeight()) / 2
        painter.setPen(QColor(tokens.TEXT if self._length else tokens.FAINT))
        painter.drawText(QPointF(TIME_LEFT, base), self._now)
        if self._length:
            x = TIME_LEFT + metrics.horizontalAdvance(self._now) + 6
            painter.setFont(self._small)
            painter.setPen(QColor(tokens.FAINT))
            painter.drawText(QPointF(x, base), f"/ {self._length}")
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(tokens.ACCENT), tokens.FOCUS_RING))
            painter.drawRoundedRect(QRectF(1, self.height() / 2 - 17, self.width() - 4, 34), 6, 6)


@accessible_role(QAccessible.Role.Grouping)
class TransportBar(QWidget):
    """Play and pause, stop, to the start; the time; the master fader."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Transport")
        self.setFixedHeight(HEIGHT)
        self._controller = controller
        self._play = PlayButton()
        self._start = SignButton("start", "Return to start", "Return to start (Home)")
        self._stop = SignButton("stop", "Stop", "Stop: pause and go back to the start")
        self._time = TimeReadout()
        self._master = Fader("Master level", tokens.TEXT)
        self._master.setFixedWidth(162)
        self._level = Line(13, 400, tokens.DIM).to_the_right()
        self._level.setFixedWidth(58)
        self._arrange()
        self._play.clicked.connect(controller.toggle)
        self._start.clicked.connect(controller.to_start)
        self._stop.clicked.connect(controller.stop)
        self._time.seek_requested.connect(controller.seek_seconds)
        self._master.db_changed.connect(controller.set_master_db)
        controller.master_changed.connect(self._show_master)
        controller.playing_changed.connect(self._play.show_playing)
        controller.position_changed.connect(self._show_time)
        controller.loaded_changed.connect(self._show_song)
        self._show_master(controller.master_db)
        self._show_song()

    def _arrange(self) -> None:
        master = Line(13, 400, tokens.DIM)
        master.say("Master")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 1, 16, 0)
        row.setSpacing(12)
        row.addWidget(self._play)
        row.addSpacing(-TIME_LEFT)
        row.addWidget(self._time)
        row.addWidget(Rule())
        row.addWidget(self._start)
        row.addSpacing(-4)
        row.addWidget(self._stop)
        row.addStretch(1)
        row.addWidget(master)
        row.addSpacing(-8)
        row.addWidget(self._master)
        row.addSpacing(-8)
        row.addWidget(self._level)

    def _show_song(self) -> None:
        for control in (self._play, self._time, self._start, self._stop):
            control.setEnabled(self._controller.ready)
        if not self._controller.ready:
            self._play.setToolTip("Choose a separated song to play it")
        else:
            self._play.show_playing(self._controller.playing)
        self._show_time()

    def _show_time(self) -> None:
        self._time.show_times(self._controller.seconds, self._controller.duration)

    def _show_master(self, db: float) -> None:
        self._master.show_db(db)
        self._level.say(written(db))

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Fill the panel, and the line above it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.PANEL))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.LINE))


class Rule(QWidget):
    """An upright line between two groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(1, 32)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Draw the line."""
        QPainter(self).fillRect(self.rect(), QColor(tokens.LINE))
