"""Lane header of a track that is not separated yet."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.text.message import tr
from desktop.ui.pages.player.lane_header_parts import HEADER_WIDTH, LaneHeaderBase, StemBadge
from desktop.ui.pages.player.lane_looks import DEFAULT_STEM_ICON
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.label import ElidedLabel
from desktop.ui.widgets.progress_bar import ProgressBar


@accessible_role(QAccessible.Role.Grouping)
class PendingLaneHeader(LaneHeaderBase):
    """Lane header of the mixture of a track without stems: status and progress."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Colour.ACCENT, parent)
        self.setAccessibleName(tr("The song before it is separated"))
        name = ElidedLabel(13, 600)
        name.show_text(tr("Song"))
        self._status = ElidedLabel(12, 400, Colour.DIM)
        self._time_left = ElidedLabel(12, 400, Colour.DIM)
        self._progress_bar = ProgressBar(tr("Song separated"))
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(StemBadge(DEFAULT_STEM_ICON, Colour.ACCENT))
        top.addWidget(name, 1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(19, 10, 16, 12)
        rows.setSpacing(8)
        rows.addLayout(top)
        rows.addWidget(self._status)
        rows.addWidget(self._progress_bar)
        rows.addWidget(self._time_left)
        rows.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        return QSize(HEADER_WIDTH, 72)

    def show_progress(self, status: str, time_left: str, fraction: float, is_running: bool) -> None:
        """Show status, time left and progress (`fraction`, 0 to 1); the bar is hidden until a run has started."""
        self._status.show_text(status)
        self._time_left.show_text(time_left)
        self._progress_bar.set_fraction(fraction)
        self._progress_bar.setVisible(is_running or fraction > 0)
