"""Hit tests of the mouse in the job table: links and buttons that are hovered or clicked."""

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import QTableView

from desktop.jobs.model import Job
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.core.job_actions import layout_row_buttons
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.delegates import StatusDelegate, content_rect
from desktop.ui.pages.library.hover_state import NO_INDEX, HoverState
from desktop.ui.pages.library.proxy import JobProxy
from desktop.ui.pages.library.status import StatusLink


@dataclass(frozen=True)
class Target:
    """Target of a click: a link, a button, or neither."""

    job: Job
    link: StatusLink
    action: ActionId | None

    @property
    def is_control(self) -> bool:
        """Whether it is a link or a button."""
        return self.link is not StatusLink.NONE or self.action is not None

    def is_same_control(self, other: "Target") -> bool:
        """Return whether `other` is the same link or button; the job may have another state."""
        return (self.job.id, self.link, self.action) == (other.job.id, other.link, other.action)


class Pointer:
    """Keeps the hover state of a job table, and ignores a press released elsewhere."""

    def __init__(
        self, view: QTableView, proxy: JobProxy, status_delegate: StatusDelegate, hover_state: HoverState
    ) -> None:
        self._view = view
        self._proxy = proxy
        self._status_delegate = status_delegate
        self._hover_state = hover_state
        self._pressed: Target | None = None

    def move(self, point: QPoint) -> None:
        """Update hover state, cursor and tooltip for the pointer at `point` of the viewport."""
        index, hover, viewport = self._view.indexAt(point), self._hover_state, self._view.viewport()
        hovered = (index.row(), self._link_at(index, point), self._action_at(index, point))
        if hovered != (hover.row, hover.link, hover.action):
            hover.row, hover.link, hover.action = hovered
            is_clickable = hover.link is not StatusLink.NONE or hover.action is not None
            viewport.setCursor(Qt.CursorShape.PointingHandCursor if is_clickable else Qt.CursorShape.ArrowCursor)
            viewport.setToolTip(ACTIONS[hover.action].text if hover.action else "")
            viewport.update()

    def leave(self) -> None:
        """Clear the hover state: the pointer has left the table."""
        self._hover_state.row, self._hover_state.link, self._hover_state.action = NO_INDEX, StatusLink.NONE, None
        self._view.viewport().update()

    def press(self, point: QPoint, is_left_button: bool) -> Target | None:
        """Remember what the left button was pressed on, and return it; None outside the rows and for other buttons."""
        self._pressed = self._target_at(point) if is_left_button else None
        return self._pressed

    def release(self, point: QPoint) -> Target | None:
        """Return the link or button that was clicked: the button went down and up on it."""
        self.move(point)
        pressed, released = self._pressed, self._target_at(point)
        self._pressed = None
        is_click = pressed and released and released.is_control and released.is_same_control(pressed)
        return released if is_click else None

    def cancel_press(self) -> None:
        """Forget the press: it became a drag."""
        self._pressed = None

    def _target_at(self, point: QPoint) -> Target | None:
        job = self._proxy.job_at(self._view.indexAt(point))
        return Target(job, self._hover_state.link, self._hover_state.action) if job else None

    def _link_at(self, index: QModelIndex, point: QPoint) -> StatusLink:
        if not index.isValid() or index.column() != Column.STATUS:
            return StatusLink.NONE
        return self._status_delegate.layout_cell(self._view.visualRect(index), index).link_at(point.x(), point.y())

    def _action_at(self, index: QModelIndex, point: QPoint) -> ActionId | None:
        job = self._proxy.job_at(index)
        if job is None or index.column() != Column.ACTIONS:
            return None
        buttons = layout_row_buttons(job, content_rect(self._view.visualRect(index), Column.ACTIONS))
        return next((button.action for button in buttons if button.rect.contains(point.x(), point.y())), None)
