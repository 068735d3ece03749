"""Tells of faults of the app's own: once while they happen, and once at the next start when they ended it."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.crashes.untold import mark_told, mark_untold
from desktop.ui.dialogs.crash_report import CrashReport
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.theme import tokens

_ENDED = "Unbraid closed unexpectedly last time. There is a report on this computer."
# Milliseconds after which a notice has been seen: while the window closes, none is.
_SEEN = 1000
_GOES_ON = "Something in Unbraid went wrong. You can go on working. There is a report on this computer."


class CrashNotices(QObject):
    """Says it in the strip, with a way to the report."""

    _happened = Signal(Path)

    def __init__(self, notices: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._notices = notices
        self._window = window
        self._told = False
        self._happened.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def tell_last_time(self, report: Path) -> None:
        """It crashed when it was open last, or something went wrong while it closed."""
        self._show(_ENDED, report, "Unbraid closed unexpectedly")

    def tell(self, report: Path) -> None:
        """Something went wrong just now. May be called from any thread."""
        mark_untold(report)
        self._happened.emit(report)

    def _tell(self, report: Path) -> None:
        QTimer.singleShot(_SEEN, self, lambda: mark_told(report))
        # Where one thing goes wrong, more will: all of it is in the reports, and none of it is news any more.
        if not self._told:
            self._told = True
            self._show(_GOES_ON, report, "Something went wrong")

    def _show(self, sentence: str, report: Path, heading: str) -> None:
        def show_report() -> None:
            CrashReport(report, heading, self._window).show()

        self._notices.show_notice(
            Notice(sentence, key=sentence, tone=tokens.BAD, action="Show report", act=show_report)
        )
