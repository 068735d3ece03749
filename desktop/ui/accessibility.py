"""What assistive technology learns of the window beyond what Qt tells it by itself: roles and announcements."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

WidgetClass = TypeVar("WidgetClass", bound=type[QWidget])


@dataclass(frozen=True)
class _Kind:
    role: QAccessible.Role
    is_leaf: bool = False


_kinds = {"QSplitterHandle": _Kind(QAccessible.Role.Separator)}
"""By the name of the class of the widget."""


def accessible_role(role: QAccessible.Role, is_leaf: bool = False) -> Callable[[WidgetClass], WidgetClass]:
    """Give a class of widgets a role, where Qt would take the widget for a mere container.

    `is_leaf` hides the widgets in it, which are parts of how Qt makes it.
    """

    def register(widget_class: WidgetClass) -> WidgetClass:
        _kinds[widget_class.__name__] = _Kind(role, is_leaf)
        return widget_class

    return register


def install_roles() -> None:
    """Make the roles known to Qt. To be called once, after the application is made."""
    QAccessible.installFactory(_interface)


def announce(widget: QWidget, sentence: str) -> None:
    """Have a screen reader say `sentence` once it has said what it is saying. `widget` is where the news belongs."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, sentence))


def _interface(class_name: str, widget: QObject) -> QAccessibleInterface | None:
    kind = _kinds.get(class_name)
    if kind is None or not isinstance(widget, QWidget):
        return None
    return _Leaf(widget, kind.role) if kind.is_leaf else QAccessibleWidget(widget, kind.role)


class _Leaf(QAccessibleWidget):
    """A widget without children."""

    def childCount(self) -> int:  # noqa: N802
        return 0
