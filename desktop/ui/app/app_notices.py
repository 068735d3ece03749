"""Says quietly that there is a newer version, to whoever allowed to look for one."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QWidget

from desktop import __version__
from desktop.errors import UnbraidError, UpdateError
from desktop.paths import Home
from desktop.runtime.crash_reports import mark_reported, mark_unreported
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.opener import open_url
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.failure_details import CrashReportDialog
from desktop.ui.theme import tokens
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.updates.feed_config import FeedConfig
from desktop.updates.state import change_update_state

if TYPE_CHECKING:
    from desktop.updates.check import Release

_UPDATE_KEY = "newer"
_log = logging.getLogger(__name__)


class UpdateNotice(QObject):
    """Looks, away from the window's thread, and shows what was found. What goes wrong is told to the log alone."""

    def __init__(
        self,
        source: FeedConfig | None,
        home: Home,
        settings_store: SettingsStore,
        notices: NoticeStrip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._home = home
        self._settings_store = settings_store
        self._notices = notices
        self._background = BackgroundRunner("updates", self)

    @property
    def is_available(self) -> bool:
        """Whether this app knows whom to ask."""
        return self._source is not None

    def check_for_update(self) -> None:
        """Look for a newer version, when the user allows it and has not been told today."""
        source = self._source
        if source is None or not self._settings_store.settings.updates:
            return
        self._background.run_detached(
            lambda: _check_for_update(source, self._home), self._show_release, self._log_error
        )

    def close(self) -> None:
        """Tell nothing any more, and wait for nobody."""
        self._background.close()

    def _show_release(self, release: "Release | None") -> None:
        if release is None:
            return
        self._notices.show_notice(
            Notice(
                f"Unbraid {release.version} is out. You have {__version__}.",
                key=_UPDATE_KEY,
                action_text="See what is new",
                on_action=lambda: self._open_release_page(release),
                on_dismissed=lambda: self._dismiss_release(release),
            )
        )

    def _open_release_page(self, release: "Release") -> None:
        sentence = f"No browser could be opened. Unbraid {release.version} is at {release.page_url}"
        open_url(QUrl(release.page_url), self, lambda: self._notices.show_text(sentence))

    def _dismiss_release(self, release: "Release") -> None:
        try:
            change_update_state(self._home, dismissed=release.version)
        except UpdateError as error:
            self._log_error(error)

    def _log_error(self, error: UnbraidError) -> None:
        _log.warning("%s", error)


def _check_for_update(source: FeedConfig, home: Home) -> "Release | None":
    # Imported here, in the thread: the start of the window need not wait for libsodium.
    from desktop.updates.check import check_for_update

    return check_for_update(source, home)


_CRASHED_LAST_TIME = "Unbraid closed unexpectedly last time. There is a report on this computer."
# Milliseconds after which a notice has been seen: while the window closes, none is.
_SEEN_AFTER_MS = 1000
_ERROR_OCCURRED = "Something in Unbraid went wrong. You can go on working. There is a report on this computer."


class CrashNotices(QObject):
    """Says it in the strip, with a way to the report."""

    _error_reported = Signal(Path)

    def __init__(self, notices: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._notices = notices
        self._window = window
        self._has_shown_error = False
        self._error_reported.connect(self._show_error, Qt.ConnectionType.QueuedConnection)

    def show_last_crash(self, report: Path) -> None:
        """It crashed when it was open last, or something went wrong while it closed."""
        self._show_notice(_CRASHED_LAST_TIME, report, "Unbraid closed unexpectedly")

    def report_error(self, report: Path) -> None:
        """Something went wrong just now. May be called from any thread."""
        mark_unreported(report)
        self._error_reported.emit(report)

    def _show_error(self, report: Path) -> None:
        QTimer.singleShot(_SEEN_AFTER_MS, self, lambda: mark_reported(report))
        # Where one thing goes wrong, more will: all of it is in the reports, and none of it is news any more.
        if not self._has_shown_error:
            self._has_shown_error = True
            self._show_notice(_ERROR_OCCURRED, report, "Something went wrong")

    def _show_notice(self, sentence: str, report: Path, heading: str) -> None:
        def show_report() -> None:
            CrashReportDialog(report, heading, self._window).show()

        self._notices.show_notice(
            Notice(sentence, key=sentence, edge_colour=tokens.BAD, action_text="Show report", on_action=show_report)
        )
