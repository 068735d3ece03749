"""Cards of the kinds of an export."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.export.settings import ExportKind
from desktop.text.message import Message, tr
from desktop.ui.theme.fonts import SECONDARY_SIZE, ui_font
from desktop.ui.theme.metrics import FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.segmented_control import ChoiceButton, ChoiceGroup

_CARD_HEIGHT, _MIN_CARD_WIDTH = 76, 90
_RADIUS = 10
_PADDING_X, _PADDING_Y = 13, 10
_LINE_GAP = 2
_GAP = 8
_KIND_TEXTS: Sequence[tuple[ExportKind, Message, Message]] = (
    (ExportKind.STEMS, Message("&Stems"), Message("one file each")),
    (ExportKind.MIX, Message("&Mix"), Message("as you hear it")),
    (ExportKind.MINUS, Message("Min&us one"), Message("all but one stem")),
    (ExportKind.NI_STEM, Message("Stem f&ile"), Message(".stem.mp4 for DJs")),
)


class KindCard(ChoiceButton):
    """Card with the name of a kind, and what it gives."""

    def __init__(self, kind: ExportKind, title: str, explanation: str, parent: QWidget | None = None) -> None:
        """`&` in `title` marks the letter that chooses the card together with Alt."""
        super().__init__(kind, title.replace("&", ""), QSize(_MIN_CARD_WIDTH, _CARD_HEIGHT), parent)
        self.setMaximumWidth(16_777_215)  # Qt's own, instead of a fixed width
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(title)
        self.setAccessibleDescription(explanation)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._explanation = explanation

    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = FOCUS_RING_WIDTH if self.hasFocus() else 1
        painter.setPen(QPen(theme.colour(self._edge_colour()), width))
        painter.setBrush(theme.colour(Colour.SELECTED if self.isChecked() else Colour.PANEL))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _RADIUS, _RADIUS)
        content = self.rect().adjusted(_PADDING_X, _PADDING_Y, -_PADDING_X // 2, -_PADDING_Y)
        painter.setClipRect(content)
        painter.setFont(ui_font(weight=600))
        painter.setPen(theme.colour(Colour.TEXT))
        painter.drawText(content, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextShowMnemonic, self.text())
        content.setTop(content.top() + painter.fontMetrics().height() + _LINE_GAP)
        painter.setFont(ui_font(SECONDARY_SIZE))
        painter.setPen(theme.colour(Colour.DIM))
        painter.drawText(content, Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, self._explanation)

    def _edge_colour(self) -> Colour:
        if self.hasFocus():
            return Colour.TEXT if self.isChecked() else Colour.ACCENT
        return Colour.ACCENT if self.isChecked() else Colour.RAIL if self.underMouse() else Colour.LINE


@accessible_role(QAccessible.Role.Grouping)
class KindCards(ChoiceGroup):
    """Chooses the kind of an export."""

    def __init__(self, parent: QWidget | None = None) -> None:
        cards = [KindCard(kind, str(title), str(explanation)) for kind, title, explanation in _KIND_TEXTS]
        super().__init__(tr("What to export"), cards, parent)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_GAP)
