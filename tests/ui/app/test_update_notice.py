"""The notice about a newer version, and that no request is sent without the user's consent."""

import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop import __version__
from desktop.runtime.settings_file import load_settings
from desktop.settings import Settings
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.widgets.notices import MAX_NOTICES
from desktop.updates.state import change_update_state, load_update_state
from tests.helpers.command import ROOT
from tests.helpers.publisher import NAME, RELEASE_PAGE, SIGNATURE_NAME, Publisher, SigningKey, running_publisher
from tests.helpers.settings import save_settings
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
NOTICE_TEXT = f"Unbraid 99.3 is out. You have {__version__}."


@pytest.fixture
def publisher() -> Generator[Publisher]:
    with running_publisher("99.3") as running:
        yield running


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    save_settings(setting.home, Settings(updates=True))
    return setting


class Browser(QObject):
    """Record pages in place of the user's browser."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @Slot(QUrl)
    def open(self, page: QUrl) -> None:
        self.pages.append(page.toString())


@pytest.fixture
def browser() -> Iterator[Browser]:
    recorder = Browser()
    QDesktopServices.setUrlHandler("https", recorder, "open")
    yield recorder
    QDesktopServices.unsetUrlHandler("https")


def open_checked_window(setting: WindowHarness, publisher: Publisher | None, qtbot: QtBot) -> MainWindow:
    """Open a window and let it check for an update, as the app does after its start."""
    window = setting.create_window(publisher.source if publisher else None)
    qtbot.addWidget(window)
    window.show()
    window.update_notice.check_for_update()
    return window


def notice_texts(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def find_button(window: MainWindow, name: str) -> QPushButton:
    return next(b for b in window.notices.findChildren(QPushButton) if b.accessibleName() == name)


def find_check_thread() -> threading.Thread | None:
    """Return the thread of a running update check."""
    return next((thread for thread in threading.enumerate() if thread.name == "detached"), None)


def test_notice_names_the_new_version_and_its_button_opens_the_release_page(
    setting: WindowHarness, publisher: Publisher, browser: Browser, qtbot: QtBot
) -> None:
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT])
    assert NOTICE_TEXT in [label.text() for label in window.notices.findChildren(QLabel)]
    qtbot.mouseClick(find_button(window, "See what is new"), Qt.MouseButton.LeftButton)
    assert browser.pages == [RELEASE_PAGE]
    assert notice_texts(window) == []
    assert load_update_state(setting.home).dismissed == ""


def test_notice_gives_the_address_when_no_browser_opens(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT])
    find_button(window, "See what is new").click()
    (text,) = notice_texts(window)
    assert text.startswith("No browser could be opened.")
    assert RELEASE_PAGE in text


def test_update_check_is_off_by_default_and_sends_no_request(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    assert not Settings().updates
    save_settings(setting.home, Settings())
    open_checked_window(setting, publisher, qtbot)
    assert find_check_thread() is None
    assert publisher.requested_paths == []
    assert not setting.home.update_state.exists()


def test_app_without_a_feed_starts_no_update_check(setting: WindowHarness, qtbot: QtBot) -> None:
    window = open_checked_window(setting, None, qtbot)
    assert find_check_thread() is None
    assert not window.update_notice.is_available


def test_disabled_update_check_imports_no_network_modules(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from PySide6.QtWidgets import QApplication\n"
        "from desktop.updates.feed_config import FeedConfig; from tests.helpers.window import window_harness\n"
        "application = QApplication(['unbraid', '-platform', 'offscreen'])\n"
        f"with window_harness(Path({str(tmp_path / 'home')!r})) as harness:\n"
        "    window = harness.create_window(FeedConfig('https://127.0.0.1:9/updates.json', 'RW'))\n"
        "    window.show(); window.update_notice.check_for_update(); application.processEvents(); window.close()\n"
        "loaded = {'nacl', 'desktop.updates.check', 'desktop.updates.fetch'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_dismissal_is_stored_for_that_version_only(setting: WindowHarness, publisher: Publisher, qtbot: QtBot) -> None:
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT])
    qtbot.mouseClick(find_button(window, "Dismiss"), Qt.MouseButton.LeftButton)
    assert load_update_state(setting.home).dismissed == "99.3"
    publisher.publish("99.4")
    change_update_state(setting.home, asked=0.0)
    window.update_notice.check_for_update()
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT.replace("99.3", "99.4")])


def test_notice_displaced_by_others_is_not_stored_as_dismissed(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT])
    for number in range(MAX_NOTICES):
        window.notices.show_text(f"{number}")
    assert NOTICE_TEXT not in notice_texts(window)
    assert load_update_state(setting.home).dismissed == ""


def test_forged_feed_is_reported_only_in_the_log(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey.generate())
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: "did not verify: it was made with another key" in caplog.text)
    assert notice_texts(window) == []
    assert publisher.requested_paths == [NAME, SIGNATURE_NAME]


def test_unreachable_server_is_reported_only_in_the_log(
    setting: WindowHarness, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    with running_publisher("99.3") as publisher:
        pass
    window = open_checked_window(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: "could not be read" in caplog.text)
    assert notice_texts(window) == []


def test_window_closes_without_waiting_for_a_slow_server(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    requested, release = threading.Event(), threading.Event()

    def pause(_: int) -> None:
        requested.set()
        release.wait(60)

    publisher.server.before_chunk = pause
    window = open_checked_window(setting, publisher, qtbot)
    assert requested.wait(20)
    check_thread = find_check_thread()
    assert check_thread is not None
    window.close()
    assert check_thread.is_alive()
    release.set()
    check_thread.join(20)
    assert notice_texts(window) == []


def test_settings_offer_the_update_check_with_a_feed(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    save_settings(setting.home, Settings())
    window = open_checked_window(setting, publisher, qtbot)
    window.dialogs.open_settings()
    (dialog,) = window.findChildren(SettingsDialog)
    assert dialog.controls["updates"].accessibleName() == "Check for new versions"
    assert "sends nothing but that request" in dialog.controls["updates"].accessibleDescription()
    dialog.controls["updates"].click()
    assert load_settings(setting.home).updates
    window.update_notice.check_for_update()
    qtbot.waitUntil(lambda: notice_texts(window) == [NOTICE_TEXT])
    dialog.restore_button.click()
    assert not load_settings(setting.home).updates


def test_settings_hide_the_update_check_without_a_feed(setting: WindowHarness, qtbot: QtBot) -> None:
    window = open_checked_window(setting, None, qtbot)
    window.dialogs.open_settings()
    (dialog,) = window.findChildren(SettingsDialog)
    assert "Check for &new versions" not in [label.text() for label in dialog.findChildren(QLabel)]
