"""The library page without jobs: a card to drop files on."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStyle, QVBoxLayout, QWidget

from desktop.models.store import Model
from desktop.models.titles import find_model_title
from desktop.text.message import Message, tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.theme import metrics
from desktop.ui.theme.fonts import LARGE_SIZE, SECONDARY_SIZE, TITLE_SIZE
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.logo import LogoBanner

_FORMATS_TEXT = Message("WAV, FLAC, MP3, OGG, M4A, AIFF and more · whole folders too")
CARD_SIZE = QSize(880, 520)
CARD_MARGIN = QSize(64, 48)


@accessible_role(QAccessible.Role.Grouping)
class DropCard(QWidget):
    """Card with a dashed frame and buttons that add songs."""

    add_requested = Signal()
    add_folder_requested = Signal()
    open_stems_requested = Signal()
    demo_requested = Signal()

    def __init__(self, has_demo: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Drop songs here"))
        self.add_button = PushButton(ACTIONS[ActionId.ADD_SONGS].menu_text, "primary", ACTIONS[ActionId.ADD_SONGS].icon)
        self.add_button.setProperty("scale", "large")
        self.add_button.clicked.connect(self.add_requested)
        self._note = _create_label(str(_FORMATS_TEXT), SECONDARY_SIZE, 400, Colour.DIM)
        self._note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 24, 40, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(LogoBanner(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(4)
        column.addWidget(_create_label(tr("Drop a song. Hear it come apart."), LARGE_SIZE, 700, Colour.TEXT))
        column.addSpacing(10)
        subtitle = tr("Vocals, drums, bass and the rest, on your own computer. Nothing is uploaded.")
        column.addWidget(_create_label(subtitle, TITLE_SIZE, 400, Colour.DIM))
        column.addSpacing(26)
        column.addLayout(self._create_buttons(has_demo))
        column.addSpacing(26)
        column.addWidget(self._note)
        column.addStretch(1)

    def _create_buttons(self, has_demo: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(self.add_button)
        for action_id, text, requested in (
            (ActionId.ADD_FOLDER, tr("Add all songs of a folder"), self.add_folder_requested),
            (ActionId.OPEN_STEMS, tr("Open stems of another program as a song"), self.open_stems_requested),
        ):
            action = ACTIONS[action_id]
            button = PushButton(action.menu_text, "plain", action.icon)
            button.setProperty("scale", "large")
            button.setToolTip(action.tooltip(text))
            button.clicked.connect(requested)
            row.addWidget(button)
        if has_demo:
            demo_button = PushButton(tr("Try the demo song"), "plain", "play")
            demo_button.setProperty("scale", "large")
            demo_button.clicked.connect(self.demo_requested)
            row.addWidget(demo_button)
        row.addStretch(1)
        return row

    def set_models(self, models: Sequence[Model], selected_name: str) -> None:
        """Mention the download of the selected model under the buttons if it is not installed."""
        model = next((model for model in models if model.name == selected_name), None)
        lines = [str(_FORMATS_TEXT)]
        if model is not None and not model.is_installed:
            download_text = tr(
                "The first song downloads the {model} model ({download:size}) and plays a draft meanwhile",
                model=find_model_title(model.name, model.title),
                download=model.size_bytes,
            )
            lines.append(download_text)
        self._note.setText("\n".join(lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.colour(Colour.RAIL), 1.5)
        pen.setDashPattern([3.0, 2.2])
        painter.setPen(pen)
        painter.setBrush(theme.colour(Colour.PANEL))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), metrics.CARD_RADIUS, metrics.CARD_RADIUS)


class EmptyState(QWidget):
    """Shows a DropCard in its centre."""

    def __init__(self, has_demo: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = DropCard(has_demo, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Centre the card, at `CARD_SIZE` or smaller if the window leaves less space."""
        size = CARD_SIZE.boundedTo(self.size() - CARD_MARGIN)
        self.card.setGeometry(
            QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, Qt.AlignmentFlag.AlignCenter, size, self.rect())
        )


def _create_label(text: str, size: int, weight: int, colour: Colour) -> TextLabel:
    label = TextLabel(text, size, weight, colour)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
