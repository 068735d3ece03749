"""Message in place of the lanes: why there are none, and what can be done about it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.theme.fonts import ui_font
from desktop.ui.theme.metrics import CONTROL_HEIGHT
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.button import PushButton

MAX_WIDTH = 640
_HEADING_GAP, _BUTTON_GAP, _MARGIN = 8, 16, 32
_TEXT_FLAGS = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)


class PlayerMessage(QLabel):
    """Heading and sentence in the centre of the panel, wrapped and never elided, with buttons below them."""

    action_requested = Signal(object)
    """ActionId of the clicked button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading, self._sentence = "", ""
        self._colour = Colour.TEXT
        self._actions: tuple[ActionId, ...] = ()
        self._buttons = QWidget(self)
        self._row = QHBoxLayout(self._buttons)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

    def show_message(self, heading: str, sentence: str, is_error: bool, actions: Sequence[ActionId]) -> None:
        """Show a heading, in the error colour if `is_error`, a sentence, and a button for each of `actions`.

        The first action is the main one.
        """
        self._heading, self._sentence = heading, sentence
        self._colour = Colour.BAD if is_error else Colour.TEXT
        self.setAccessibleName(tr("{heading}. {sentence}", heading=heading.rstrip("."), sentence=sentence))
        self._set_actions(tuple(actions))
        self._place_buttons()
        self.update()

    def set_buttons_visible(self, visible: bool) -> None:
        """Show the buttons, or leave them out where the header has them."""
        self._buttons.setVisible(visible)
        self._place_buttons()
        self.update()

    def _set_actions(self, actions: tuple[ActionId, ...]) -> None:
        """Create the buttons of other actions; those of the same actions keep the focus."""
        if actions == self._actions:
            return
        self._actions = actions
        for button in self._buttons.findChildren(PushButton):
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for action_id in actions:
            action = ACTIONS[action_id]
            button = PushButton(action.menu_text, "plain" if self._row.count() else "primary", action.icon)
            button.clicked.connect(partial(self.action_requested.emit, action_id))
            self._row.addWidget(button)
            button.show()  # now: a layout has no room for widgets that it will show later

    def _text_rects(self) -> tuple[QRect, QRect]:
        """Return the places of heading and sentence, which are centred together with the buttons."""
        width = min(MAX_WIDTH, self.width() - 2 * _MARGIN)
        heights = [
            QFontMetrics(font).boundingRect(QRect(0, 0, width, 10_000), _TEXT_FLAGS, text).height()
            for font, text in ((_heading_font(), self._heading), (_sentence_font(), self._sentence))
        ]
        has_buttons = self._actions and not self._buttons.isHidden()
        button_height = _BUTTON_GAP + CONTROL_HEIGHT if has_buttons else 0
        left = (self.width() - width) // 2
        top = max(8, (self.height() - sum(heights) - _HEADING_GAP - button_height) // 2)
        return (
            QRect(left, top, width, heights[0]),
            QRect(left, top + heights[0] + _HEADING_GAP, width, heights[1]),
        )

    def _place_buttons(self) -> None:
        _, sentence = self._text_rects()
        size = self._row.sizeHint()
        left = (self.width() - size.width()) // 2
        self._buttons.setGeometry(left, sentence.bottom() + 1 + _BUTTON_GAP, size.width(), CONTROL_HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def paintEvent(self, ev: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.BACKGROUND))
        heading, sentence = self._text_rects()
        painter.setFont(_heading_font())
        painter.setPen(theme.colour(self._colour))
        painter.drawText(heading, _TEXT_FLAGS, self._heading)
        painter.setFont(_sentence_font())
        painter.setPen(theme.colour(Colour.DIM))
        painter.drawText(sentence, _TEXT_FLAGS, self._sentence)


def _heading_font() -> QFont:
    return ui_font(15, 600)


def _sentence_font() -> QFont:
    return ui_font(13)
