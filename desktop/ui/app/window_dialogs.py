"""Dialogs of the main window: settings, removed songs, keyboard shortcuts, and About."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.paths import Home
from desktop.setting_spec import Group
from desktop.ui.app.app_notices import UpdateNotice
from desktop.ui.core.job_feed import JobFeed
from desktop.ui.core.job_text import format_last_runtime
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.bin import BinDialog
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog
from desktop.ui.pages.library.controller import LibraryController

if TYPE_CHECKING:
    from desktop.ui.dialogs.about import AboutDialog


class WindowDialogs:
    """Opens each dialog once, on first use, and brings it to the front after that."""

    def __init__(
        self,
        window: QWidget,
        home: Home,
        settings_store: SettingsStore,
        update_notice: UpdateNotice,
        library: LibraryController,
        feed: JobFeed,
    ) -> None:
        self._window, self._home, self._settings_store = window, home, settings_store
        self._update_notice, self._library, self._feed = update_notice, library, feed
        self._settings: SettingsDialog | None = None
        self._about: AboutDialog | None = None
        self._bin: BinDialog | None = None

    def open_bin(self) -> None:
        """Open the list of removed songs."""
        if self._bin is None:
            self._bin = BinDialog(self._library.removals, self._feed, self._window)
        self._bin.show_on_top()

    def open_settings(self, group: Group | None = None) -> None:
        """Open the settings, at `group` if there is one."""
        if self._settings is None:
            self._settings = SettingsDialog(
                self._settings_store, self._home, self._window, offers_updates=self._update_notice.is_available
            )
            self._settings.about_requested.connect(self.open_about)
            self._settings.bin_requested.connect(self.open_bin)
        self._settings.show_on_top(format_last_runtime(self._library.table_model.jobs))
        if group is not None:
            self._settings.focus_group(group)

    def show_shortcuts(self) -> None:
        """Open the list of all shortcuts."""
        dialog = ShortcutsDialog(self._window)
        dialog.about_requested.connect(self.open_about)
        dialog.show()

    def open_about(self) -> None:
        """Open the About dialog."""
        if self._about is None:
            # Imported on first use: the start of the window does not need it.
            from desktop.ui.dialogs.about import AboutDialog

            self._about = AboutDialog(self._home, self._window)
        self._about.show_on_top()
