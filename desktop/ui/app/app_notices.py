"""Notices about the app itself: a newer version, a crash in the last session, an error in this one."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QWidget

from desktop import __version__
from desktop.errors import UnbraidError, UpdateError
from desktop.paths import Home
from desktop.runtime.crash_reports import mark_reported, mark_unreported
from desktop.text.message import tr
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.opener import open_url
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.failure_details import CrashReportDialog
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.notices import Notice, NoticeStrip
from desktop.updates.feed_config import FeedConfig
from desktop.updates.state import change_update_state

if TYPE_CHECKING:
    from desktop.updates.check import Release

_UPDATE_KEY = "newer"
# Milliseconds after which an error notice counts as seen. A notice shown while the window closes is not seen.
_SEEN_AFTER_MS = 1000
_log = logging.getLogger(__name__)


class UpdateNotice(QObject):
    """Checks for a newer version in a background thread and shows a notice if there is one; errors are only logged."""

    def __init__(
        self,
        feed_config: FeedConfig | None,
        home: Home,
        settings_store: SettingsStore,
        notices: NoticeStrip,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._feed_config = feed_config
        self._home = home
        self._settings_store = settings_store
        self._notices = notices
        self._background = BackgroundRunner("updates", self)

    @property
    def is_available(self) -> bool:
        """Whether this build of the app has an update feed."""
        return self._feed_config is not None

    def check_for_update(self) -> None:
        """Check for a newer version, if the setting allows it.

        The network is asked once a day at most.
        """
        feed_config = self._feed_config
        if feed_config is None or not self._settings_store.settings.updates:
            return
        self._background.run_detached(
            lambda: _check_for_update(feed_config, self._home), self._show_release, self._log_error
        )

    def close(self) -> None:
        """Discard the result of a running check, without waiting for it."""
        self._background.close()

    def _show_release(self, release: "Release | None") -> None:
        if release is None:
            return
        self._notices.show_notice(
            Notice(
                tr(
                    "Unbraid {new_version} is out. You have {version}.",
                    new_version=release.version,
                    version=__version__,
                ),
                key=_UPDATE_KEY,
                action_text=tr("See what is new"),
                on_action=lambda: self._open_release_page(release),
                on_dismissed=lambda: self._dismiss_release(release),
            )
        )

    def _open_release_page(self, release: "Release") -> None:
        failure_text = tr(
            "No browser could be opened. Unbraid {version} is at {url}", version=release.version, url=release.page_url
        )
        open_url(QUrl(release.page_url), self, lambda: self._notices.show_text(failure_text))

    def _dismiss_release(self, release: "Release") -> None:
        try:
            change_update_state(self._home, dismissed=release.version)
        except UpdateError as error:
            self._log_error(error)

    def _log_error(self, error: UnbraidError) -> None:
        _log.warning("%s", error)


class CrashNotices(QObject):
    """Notices about a crash or an unexpected error, with a button that shows the report."""

    _error_reported = Signal(Path)

    def __init__(self, notices: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._notices = notices
        self._window = window
        self._has_shown_error = False
        self._error_reported.connect(self._show_error, Qt.ConnectionType.QueuedConnection)

    def show_last_crash(self, report: Path) -> None:
        """Show that the app crashed in the last session, or that an error occurred while it closed."""
        self._show_notice(
            tr("Unbraid closed unexpectedly last time. There is a report on this computer."),
            report,
            tr("Unbraid closed unexpectedly"),
        )

    def report_error(self, report: Path) -> None:
        """Mark `report` as unreported and show the first error of this session in a notice.

        Safe to call from any thread.
        """
        mark_unreported(report)
        self._error_reported.emit(report)

    def _show_error(self, report: Path) -> None:
        QTimer.singleShot(_SEEN_AFTER_MS, self, lambda: mark_reported(report))
        # One error is often followed by more. Each has its report; only the first one gets a notice.
        if not self._has_shown_error:
            self._has_shown_error = True
            self._show_notice(
                tr("Something went wrong in Unbraid. You can keep working. There is a report on this computer."),
                report,
                tr("Something went wrong"),
            )

    def _show_notice(self, text: str, report: Path, heading: str) -> None:
        def show_report() -> None:
            CrashReportDialog(report, heading, self._window).show()

        self._notices.show_notice(
            Notice(text, key=text, edge_colour=Colour.BAD, action_text=tr("Show report"), on_action=show_report)
        )


def _check_for_update(feed_config: FeedConfig, home: Home) -> "Release | None":
    # Imported here, in the background thread, so that the start of the window does not wait for libsodium.
    from desktop.updates.check import check_for_update

    return check_for_update(feed_config, home)
