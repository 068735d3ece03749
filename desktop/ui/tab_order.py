"""Where Tab goes: from one control to the next as they are seen, also those that came later than their neighbours."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def tab_stops(window: QWidget) -> list[QWidget]:
    """Return the controls of `window` that Tab reaches now, in the order in which layouts placed them."""
    return [widget for widget in window.findChildren(QWidget) if _is_stop(widget, window)]


def focus_next(window: QWidget, forward: bool) -> bool:
    """Give the focus to the control after the focused one, or before it; from the last one to the first.

    Return False when there is none.
    """
    stops = tab_stops(window)
    if not stops:
        return False
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    focused = QApplication.focusWidget()
    outside = -1 if forward else 0
    place = stops.index(focused) if focused in stops else outside
    stops[(place + (1 if forward else -1)) % len(stops)].setFocus(reason)
    return True


def _is_stop(widget: QWidget, window: QWidget) -> bool:
    reachable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None
    return bool(reachable) and widget.isVisible() and widget.isEnabled() and widget.window() is window
