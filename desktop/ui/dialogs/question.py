"""How a dialog that asks something is laid out."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget


def lay_out(
    dialog: QDialog, width: int, lines: Sequence[QWidget], aside: QWidget, answers: Sequence[QWidget]
) -> QVBoxLayout:
    """Put `lines` one under the other, and below them a button `aside` on the left and the `answers` on the right.

    `width` in pixels. Returns the layout of the whole.
    """
    buttons = QHBoxLayout()
    buttons.setSpacing(8)
    buttons.addWidget(aside)
    buttons.addStretch(1)
    for answer in answers:
        buttons.addWidget(answer)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(24, 24, 24, 20)
    column.setSpacing(12)
    for widget in lines:
        column.addWidget(widget)
    column.addSpacing(8)
    column.addLayout(buttons)
    dialog.setFixedWidth(width)
    return column
