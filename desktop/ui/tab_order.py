"""Where Tab goes: from one control to the next as they are seen, also those that came later than their neighbours."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def focus_next(window: QWidget, forward: bool) -> bool:
    """Give the focus to the control after the focused one, or before it; from the last one to the first.

    Controls stand in the order in which layouts placed them. Return False when there is none to go to.
    """
    widgets = window.findChildren(QWidget)
    focused = window.focusWidget()
    place = widgets.index(focused) if focused in widgets else -1
    others = widgets[place + 1 :] + widgets[: max(place, 0)]
    stop = next((widget for widget in (others if forward else reversed(others)) if _is_stop(widget, window)), None)
    if stop is not None:
        stop.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return stop is not None


def _is_stop(widget: QWidget, window: QWidget) -> bool:
    reachable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    return bool(reachable) and widget.isVisible() and widget.isEnabled() and widget.window() is window
