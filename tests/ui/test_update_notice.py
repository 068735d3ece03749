"""The window says that there is a newer version, when it may look, and only then."""

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
from desktop.settings import Settings, load_settings, save_settings
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.settings import SettingsDialog
from desktop.ui.widgets.notices import MAX_NOTICES
from desktop.updates.state import change_update_state, load_update_state
from tests.helpers.command import ROOT
from tests.helpers.publisher import NAME, RELEASE_PAGE, SIGNATURE_NAME, Publisher, SigningKey, running_publisher
from tests.helpers.window import WindowHarness

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SENTENCE = f"Unbraid 99.3 is out. You have {__version__}."


@pytest.fixture
def publisher() -> Generator[Publisher]:
    with running_publisher("99.3") as harness:
        yield made


@pytest.fixture
def setting(setting: WindowHarness) -> WindowHarness:
    save_settings(setting.home, Settings(updates=True))
    return setting


class Browser(QObject):
    """Opened in place of the user's."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @Slot(QUrl)
    def open(self, page: QUrl) -> None:
        self.pages.append(page.toString())


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    QDesktopServices.setUrlHandler("https", made, "open")
    yield made
    QDesktopServices.unsetUrlHandler("https")


def opened(setting: WindowHarness, publisher: Publisher | None, qtbot: QtBot) -> MainWindow:
    window = setting.create_window(publisher.source if publisher else None)
    qtbot.addWidget(window)
    window.show()
    window.update_notice.check_for_update()
    return window


def said(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.notices.notices]


def button(window: MainWindow, name: str) -> QPushButton:
    return next(found for found in window.notices.findChildren(QPushButton) if found.accessibleName() == name)


def nobody_looks() -> bool:
    return not any(thread.name == "apart" for thread in threading.enumerate())


def test_the_notice_says_what_there_is_and_its_button_opens_the_page(
    setting: WindowHarness, publisher: Publisher, browser: Browser, qtbot: QtBot
) -> None:
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: said(window) == [SENTENCE])
    assert SENTENCE in [label.text() for label in window.notices.findChildren(QLabel)]
    qtbot.mouseClick(button(window, "See what is new"), Qt.MouseButton.LeftButton)
    assert browser.pages == [RELEASE_PAGE]
    assert said(window) == []
    assert load_update_state(setting.home).dismissed == ""


def test_a_browser_that_does_not_open_is_told_with_the_address(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: False)
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: said(window) == [SENTENCE])
    button(window, "See what is new").click()
    (sentence,) = said(window)
    assert sentence.startswith("No browser could be opened.")
    assert RELEASE_PAGE in sentence


def test_off_is_the_default_and_then_nothing_is_asked(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    assert not Settings().updates
    save_settings(setting.home, Settings())
    opened(setting, publisher, qtbot)
    assert nobody_looks()
    assert publisher.requested_paths == []
    assert not setting.home.update_state.exists()


def test_an_app_that_knows_nobody_to_ask_asks_nobody(setting: WindowHarness, qtbot: QtBot) -> None:
    window = opened(setting, None, qtbot)
    assert nobody_looks()
    assert not window.update_notice.is_available


def test_while_it_is_off_what_could_ask_is_not_even_loaded(tmp_path: Path) -> None:
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


def test_putting_the_notice_away_is_remembered_for_that_version(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: said(window) == [SENTENCE])
    qtbot.mouseClick(button(window, "Dismiss"), Qt.MouseButton.LeftButton)
    assert load_update_state(setting.home).dismissed == "99.3"
    publisher.publish("99.4")
    change_update_state(setting.home, asked=0.0)
    window.update_notice.check_for_update()
    qtbot.waitUntil(lambda: said(window) == [SENTENCE.replace("99.3", "99.4")])


def test_a_notice_that_gives_way_to_others_was_not_put_away(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: said(window) == [SENTENCE])
    for number in range(MAX_NOTICES):
        window.notices.show_text(f"{number}")
    assert SENTENCE not in said(window)
    assert load_update_state(setting.home).dismissed == ""


def test_a_forged_feed_is_told_to_the_log_alone(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey.generate())
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: "was not believed: it was signed with another key" in caplog.text)
    assert said(window) == []
    assert publisher.requested_paths == [NAME, SIGNATURE_NAME]


def test_a_server_that_is_away_is_told_to_the_log_alone(
    setting: WindowHarness, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    with running_publisher("99.3") as publisher:
        pass
    window = opened(setting, publisher, qtbot)
    qtbot.waitUntil(lambda: "could not be read" in caplog.text)
    assert said(window) == []


def test_the_window_closes_without_waiting_for_a_slow_server(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def pause(_: int) -> None:
        asked.set()
        answer.wait(60)

    publisher.server.before_chunk = pause
    window = opened(setting, publisher, qtbot)
    assert asked.wait(20)
    looking = next(thread for thread in threading.enumerate() if thread.name == "apart")
    window.close()
    assert looking.is_alive()
    answer.set()
    looking.join(20)
    assert said(window) == []


def test_the_settings_offer_it_where_there_is_somebody_to_ask(
    setting: WindowHarness, publisher: Publisher, qtbot: QtBot
) -> None:
    save_settings(setting.home, Settings())
    window = opened(setting, publisher, qtbot)
    window.open_settings()
    (dialog,) = window.findChildren(SettingsDialog)
    assert dialog.updates.accessibleName() == "Look for new versions"
    assert "sends nothing but that request" in dialog.updates.accessibleDescription()
    dialog.updates.click()
    assert load_settings(setting.home).updates
    window.update_notice.check_for_update()
    qtbot.waitUntil(lambda: said(window) == [SENTENCE])
    dialog.restore_button.click()
    assert not load_settings(setting.home).updates


def test_the_settings_do_not_offer_it_where_there_is_nobody(setting: WindowHarness, qtbot: QtBot) -> None:
    window = opened(setting, None, qtbot)
    window.open_settings()
    (dialog,) = window.findChildren(SettingsDialog)
    assert "Look for &new versions" not in [label.text() for label in dialog.findChildren(QLabel)]
