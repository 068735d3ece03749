"""Accessibility beyond Qt's defaults: roles, announcements and keyboard focus order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

WidgetClass = TypeVar("WidgetClass", bound=type[QWidget])


@dataclass(frozen=True)
class _RoleSpec:
    role: QAccessible.Role
    is_leaf: bool = False
    value: Callable[[Any], str] | None = None


_roles_by_class_name = {"QSplitterHandle": _RoleSpec(QAccessible.Role.Separator)}
"""Roles by the class name of the widget."""


def accessible_role(
    role: QAccessible.Role, is_leaf: bool = False, value: Callable[[Any], str] | None = None
) -> Callable[[WidgetClass], WidgetClass]:
    """Return a class decorator that sets the accessible role of a widget class.

    For widgets that Qt reports as plain containers. `is_leaf` hides the child widgets, which are details of Qt's
    implementation. `value` returns the value of a widget as text when it is asked for, which AT-SPI does as for its
    description; changes are not announced.
    """

    def register(widget_class: WidgetClass) -> WidgetClass:
        _roles_by_class_name[widget_class.__name__] = _RoleSpec(role, is_leaf, value)
        return widget_class

    return register


def install_accessible_roles() -> None:
    """Register the roles with Qt. Call once, after the application is created."""
    QAccessible.installFactory(_create_interface)


def announce(widget: QWidget, text: str) -> None:
    """Make a screen reader say `text` after its current sentence.

    `widget` is the widget that the announcement concerns.
    """
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def report_focused_child(widget: QWidget) -> None:
    """Tell screen readers which child of `widget` has the focus, as the current row of a table."""
    if not QAccessible.isActive():
        return
    interface = QAccessible.queryAccessibleInterface(widget)
    child = interface.focusChild()
    if child:  # Qt returns none where the type says that there always is one
        event = QAccessibleEvent(widget, QAccessible.Event.Focus)
        event.setChild(interface.indexOfChild(child))
        QAccessible.updateAccessibility(event)


def focus_next_control(window: QWidget, forward: bool) -> bool:
    """Focus the next control, or the previous one if not `forward`; wrap around at the ends.

    The order is that of the widget tree, which layouts determine. Return False if no other control accepts the focus.
    """
    widgets = window.findChildren(QWidget)
    focused = window.focusWidget()
    index = widgets.index(focused) if focused in widgets else -1
    candidates = widgets[index + 1 :] + widgets[: max(index, 0)]
    target = next(
        (widget for widget in (candidates if forward else reversed(candidates)) if _is_tab_stop(widget, window)), None
    )
    if target is not None:
        target.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return target is not None


def _create_interface(class_name: str, widget: QObject) -> QAccessibleInterface | None:
    spec = _roles_by_class_name.get(class_name)
    if spec is None or not isinstance(widget, QWidget):
        return None
    return _Interface(widget, spec) if spec.is_leaf or spec.value else QAccessibleWidget(widget, spec.role)


class _Interface(QAccessibleWidget):
    """Accessible interface that hides the widget's children, or has a value."""

    def __init__(self, widget: QWidget, spec: _RoleSpec) -> None:
        super().__init__(widget, spec.role)
        self._spec = spec

    def childCount(self) -> int:  # noqa: N802
        return 0 if self._spec.is_leaf else super().childCount()

    def text(self, t: QAccessible.Text) -> str:
        """Return the value from the widget, and any other text as Qt has it."""
        if self._spec.value is not None and t in (QAccessible.Text.Value, QAccessible.Text.Description):
            return self._spec.value(self.object())
        return super().text(t)


def _is_tab_stop(widget: QWidget, window: QWidget) -> bool:
    accepts_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    return bool(accepts_tab) and widget.isVisible() and widget.isEnabled() and widget.window() is window
