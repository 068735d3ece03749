"""Says quietly that there is a newer version, to whoever allowed to look for one."""

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl

from desktop import __version__
from desktop.errors import UnbraidError, UpdateError
from desktop.paths import Home
from desktop.ui.background import Background
from desktop.ui.notices import Notice, NoticeStrip
from desktop.ui.opener import open_url
from desktop.ui.window_memory import WindowMemory
from desktop.updates.memory import remember
from desktop.updates.source import Source

if TYPE_CHECKING:
    from desktop.updates.release import Release

_NEWER = "newer"
_log = logging.getLogger(__name__)


class UpdateNotice(QObject):
    """Looks, away from the window's thread, and shows what was found. What goes wrong is told to the log alone."""

    def __init__(
        self, source: Source | None, home: Home, memory: WindowMemory, notices: NoticeStrip, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._home = home
        self._memory = memory
        self._notices = notices
        self._background = Background("updates", self)

    @property
    def offered(self) -> bool:
        """Whether this app knows whom to ask."""
        return self._source is not None

    def look(self) -> None:
        """Look for a newer version, when the user allows it and has not been told today."""
        source = self._source
        if source is None or not self._memory.settings.updates:
            return
        self._background.run_apart(lambda: _look(source, self._home), self._tell, self._log)

    def close(self) -> None:
        """Tell nothing any more, and wait for nobody."""
        self._background.close()

    def _tell(self, release: "Release | None") -> None:
        if release is None:
            return
        self._notices.show_notice(
            Notice(
                f"Unbraid {release.version} is out. You have {__version__}.",
                key=_NEWER,
                action="See what is new",
                act=lambda: self._open(release),
                on_dismissed=lambda: self._dismiss(release),
            )
        )

    def _open(self, release: "Release") -> None:
        sentence = f"No browser could be opened. Unbraid {release.version} is at {release.page}"
        open_url(QUrl(release.page), self, lambda: self._notices.say(sentence))

    def _dismiss(self, release: "Release") -> None:
        try:
            remember(self._home, dismissed=release.version)
        except UpdateError as error:
            self._log(error)

    def _log(self, error: UnbraidError) -> None:
        _log.warning("%s", error)


def _look(source: Source, home: Home) -> "Release | None":
    # Imported here, in the thread: the start of the window need not wait for libsodium.
    from desktop.updates.look import look

    return look(source, home)
