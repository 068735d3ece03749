"""Connects the window to the desktop: quit policy, tray, sleep, media keys, notifications and announcements."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from desktop.ui.app.main_window import MainWindow
from desktop.ui.app.quit_policy import QuitPolicy
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.system.announcer import Announcer
from desktop.ui.system.file_open_events import FileOpenEvents
from desktop.ui.system.media_session import MediaSession
from desktop.ui.system.notifications import Notification, Notifier, is_app_active, send_notification
from desktop.ui.system.sleep_guard import SleepGuard
from desktop.ui.system.sleep_inhibitors import SleepTarget, create_inhibitors
from desktop.ui.system.tray import TrayIcon
from desktop.ui.widgets.accessibility import announce


class DesktopIntegration(QObject):
    """Owner of the quit policy, and of everything that one window has outside of itself on the desktop."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        activity = window.library.activity
        self.tray = TrayIcon(activity, self)
        self.quit_policy = QuitPolicy(window, activity, TrayIcon.is_available)
        self.sleep_guard, self.screen_guard = _create_guards(window, self)
        self.media_session = _create_media_session(window, self)
        self.media_session.show_requested.connect(self._show_window)
        self.media_session.quit_requested.connect(self._close_window)
        self._notify_runner = BackgroundRunner("notify", self)
        self.notifier = Notifier(window.library.batch_tracker, self._is_in_front, self._notify, self)
        self.announcer = Announcer(window.library.batch_tracker, partial(announce, window), self)
        window.batch_changed.connect(self.announcer.follow_batch)
        self.file_open_events = FileOpenEvents(self.open_from_client, self)
        self.quit_policy.window_hidden.connect(self.tray.show_icon)
        self.quit_policy.window_shown.connect(self.tray.hide_icon)
        self.tray.show_requested.connect(self.quit_policy.show_window)
        self.tray.quit_requested.connect(self.quit_policy.quit_now)

    def open_from_client(self, paths: Sequence[Path]) -> None:
        """Bring the window to the front and add the files and folders that another process or macOS passed on."""
        self.quit_policy.show_window()
        self._window.open_from_client(paths)

    def _show_window(self) -> None:
        self.open_from_client(())

    def _close_window(self) -> None:
        # Shown first: it may ask what happens to the songs that are being separated.
        self.quit_policy.show_window()
        self._window.close()

    def close(self) -> None:
        """Release what the system lent, hide the tray icon and send pending notifications, when the app has ended."""
        self.sleep_guard.release()
        self.screen_guard.release()
        self.media_session.close()
        self.tray.hide_icon()
        self._notify_runner.close(run_pending=True)

    def _is_in_front(self) -> bool:
        # Some systems report the app as active although its last window has just been hidden.
        return is_app_active() and not self.quit_policy.is_in_background

    def _notify(self, notification: Notification) -> None:
        """Send `notification` through the desktop's service, or show it at the tray icon if there is none."""
        self._notify_runner.run(
            lambda: send_notification(notification),
            lambda shown: None if shown else self.tray.show_notification(notification),
        )

    def quit_now(self) -> None:
        """Quit the app without asking."""
        self.quit_policy.quit_now()


def _create_guards(window: MainWindow, parent: QObject) -> tuple[SleepGuard, SleepGuard]:
    """Return the guard of the computer, while songs are separated, and that of the screen, while one plays."""
    activity, player, store = window.library.activity, window.player, window.settings_store
    computer = SleepGuard(
        lambda: activity.is_processing,
        lambda: store.settings.awake,
        create_inhibitors(SleepTarget.COMPUTER),
        (activity.membership_changed, activity.progress_changed, store.changed),
        parent,
    )
    screen = SleepGuard(
        lambda: player.is_playing,
        lambda: store.settings.screen_awake,
        create_inhibitors(SleepTarget.SCREEN),
        (player.playing_changed, store.changed),
        parent,
    )
    return computer, screen


def _create_media_session(window: MainWindow, parent: QObject) -> MediaSession:
    store = window.settings_store
    session = MediaSession(
        window.player, lambda: window.player_panel.job, window.home, lambda: store.settings.media_keys, parent
    )
    session.action_requested.connect(window.registry.run)
    store.changed.connect(session.refresh)
    return session
