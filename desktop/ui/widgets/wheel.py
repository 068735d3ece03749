"""Notches of a mouse wheel, of which a touch pad sends small parts."""

from PySide6.QtGui import QWheelEvent

WHEEL_NOTCH = 120
"""Angle delta of one notch."""


class WheelNotches:
    """Collects the movement of the wheel until it is a whole notch."""

    def __init__(self) -> None:
        self._delta = 0

    def take(self, event: QWheelEvent) -> int:
        """Return the notches that are whole now, negative if they turn down or left, and accept the event."""
        self._delta += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._delta / WHEEL_NOTCH)
        self._delta -= notches * WHEEL_NOTCH
        event.accept()
        return notches
