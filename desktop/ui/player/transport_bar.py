"""The last row of the window: play, where we are, and how loud everything is."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

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


class TimeReadout(QWidget):
    """Shows "1:17.4 / 4:12", painted when a tenth has passed and not before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now, self._length, self._longest = "0:00.0", "", "0:00.0"
        self._big, self._small = ui_font(18, 600), ui_font(13)
        self.setAccessibleName("Playhead")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

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
        self.setAccessibleDescription(f"{spoken(seconds)} of {spoken(duration)}")
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the longest time of this song."""
        now = QFontMetrics(self._big).horizontalAdvance(self._longest)
        of = QFontMetrics(self._small).horizontalAdvance(f" / {self._length}")
        return QSize(max(NARROWEST_TIME, now + of + 12), 32)

    def paintEvent(self, ev: QPaintEvent) -> None:
        """Write both on one base line."""
        painter = QPainter(self)
        painter.setFont(self._big)
        metrics = painter.fontMetrics()
        base = (self.height() + metrics.capHeight()) / 2
        painter.setPen(QColor(tokens.TEXT if self._length else tokens.FAINT))
        painter.drawText(QPointF(0, base), self._now)
        if self._length:
            x = metrics.horizontalAdvance(self._now) + 6
            painter.setFont(self._small)
            painter.setPen(QColor(tokens.FAINT))
            painter.drawText(QPointF(x, base), f"/ {self._length}")


class TransportBar(QWidget):
    """Play and pause, stop, to the start; the time; the master fader."""

    def __init__(self, controller: PlayerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._controller = controller
        self._play = PlayButton()
        self._start = SignButton("start", "To the start", "Go back to the start and go on playing")
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
        self._master.valueChanged.connect(lambda: controller.set_master_db(self._master.db))
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
        for button in (self._play, self._start, self._stop):
            button.setEnabled(self._controller.ready)
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
