"""What assistive technology learns of the window beyond what Qt tells it by itself: roles and announcements."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

WidgetClass = TypeVar("WidgetClass", bound=type[QWidget])


@dataclass(frozen=True)
class _RoleSpec:
    role: QAccessible.Role
    is_leaf: bool = False


_roles_by_class_name = {"QSplitterHandle": _RoleSpec(QAccessible.Role.Separator)}
"""By the name of the class of the widget."""


def accessible_role(role: QAccessible.Role, is_leaf: bool = False) -> Callable[[WidgetClass], WidgetClass]:
    """Give a class of widgets a role, where Qt would take the widget for a mere container.

    `is_leaf` hides the widgets in it, which are parts of how Qt makes it.
    """

    def register(widget_class: WidgetClass) -> WidgetClass:
        _roles_by_class_name[widget_class.__name__] = _RoleSpec(role, is_leaf)
        return widget_class

    return register


def install_accessible_roles() -> None:
    """Make the roles known to Qt. To be called once, after the application is made."""
    QAccessible.installFactory(_create_interface)


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say `sentence` once it has said what it is saying. `widget` is where the news belongs."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def _create_interface(class_name: str, widget: QObject) -> QAccessibleInterface | None:
    spec = _roles_by_class_name.get(class_name)
    if spec is None or not isinstance(widget, QWidget):
        return None
    return _LeafInterface(widget, spec.role) if spec.is_leaf else QAccessibleWidget(widget, spec.role)


class _LeafInterface(QAccessibleWidget):
    """A widget without children."""

    def childCount(self) -> int:  # noqa: N802
        return 0


def focus_next_control(window: QWidget, forward: bool) -> bool:
    """Give the focus to the control after the focused one, or before it; from the last one to the first.

    Controls stand in the order in which layouts placed them. Return False when there is none to go to.
    """
    widgets = window.findChildren(QWidget)
    focused = window.focusWidget()
    index = widgets.index(focused) if focused in widgets else -1
    others = widgets[index + 1 :] + widgets[: max(index, 0)]
    target = next(
        (widget for widget in (others if forward else reversed(others)) if _is_tab_stop(widget, window)), None
    )
    if target is not None:
        target.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return target is not None


def _is_tab_stop(widget: QWidget, window: QWidget) -> bool:
    accepts_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    return bool(accepts_tab) and widget.isVisible() and widget.isEnabled() and widget.window() is window
