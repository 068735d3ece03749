"""The About page: what the app is, where it keeps things, and every licence of what it is made of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QAccessible, QDesktopServices
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop import __version__
from desktop.paths import Home
from desktop.runtime import nvidia
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs import components
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.components import list_components, read_licence
from desktop.ui.dialogs.settings import SettingsDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class FileManager(QObject):
    """Told by Qt, in place of the desktop's own, what to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []

    @Slot(QUrl)
    def open(self, address: QUrl) -> None:
        self.opened.append(Path(address.toLocalFile()))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def dialog(home: Home, qtbot: QtBot) -> AboutDialog:
    made = AboutDialog(home)
    qtbot.addWidget(made)
    made.show_on_top()
    qtbot.waitExposed(made)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is made.table)
    return made


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The resources of a packaged app, with a list and one licence."""
    resources = tmp_path / "app" / "_internal" / "resources"
    resources.mkdir(parents=True)
    (tmp_path / "app" / "licences").mkdir()
    (tmp_path / "app" / "licences" / "ffmpeg.txt").write_text("GNU LESSER")
    row = {
        "name": "FFmpeg",
        "version": "8.1.2",
        "licence": "LGPL-2.1-or-later",
        "inside": "av",
        "url": "https://ffmpeg.org",
    }
    (resources / "components.json").write_text(json.dumps([row | {"text": "../../licences/ffmpeg.txt"}]))
    monkeypatch.setattr(components, "resources", lambda: resources)
    return resources


def row_of(dialog: AboutDialog, name: str) -> int:
    return dialog.table.findItems(name, Qt.MatchFlag.MatchExactly)[0].row()


def test_in_a_checkout_every_package_and_every_library_within_one_is_listed_with_its_licence() -> None:
    found = {part.name: part for part in list_components()}
    assert (found["Unbraid"].version, found["Unbraid"].licence) == (__version__, "MIT")
    assert found["celery"].licence == "BSD-3-Clause"
    assert (found["libsndfile"].bundled_in, found["libsndfile"].licence[:8]) == ("soundfile", "LGPL-2.1")
    assert "Permission is hereby granted" in read_licence(found["Unbraid"])
    assert "Ask Solem" in read_licence(found["celery"])
    assert read_licence(found["libsndfile"]) == read_licence(found["soundfile"])


def test_in_the_packaged_app_its_own_list_counts(packaged: Path) -> None:
    (part,) = list_components()
    assert (part.name, part.version, part.licence, part.bundled_in) == ("FFmpeg", "8.1.2", "LGPL-2.1-or-later", "av")
    assert read_licence(part) == "GNU LESSER"


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"name": 1}', '[{"name": "half"}]'])
def test_a_damaged_list_leaves_unbraid_itself(packaged: Path, damage: str, home: Home, qtbot: QtBot) -> None:
    (packaged / "components.json").write_text(damage)
    assert [part.name for part in list_components()] == ["Unbraid"]
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    assert dialog.licence_view.toPlainText() == "Its licence’s text is not on this computer."


def test_the_arrow_keys_look_through_the_licences_and_return_goes_to_the_text(dialog: AboutDialog) -> None:
    dialog.table.setCurrentCell(row_of(dialog, "celery") - 1, 0)
    QtBot.keyClick(dialog.table, Qt.Key.Key_Down)
    assert "Ask Solem" in dialog.licence_view.toPlainText()
    assert dialog.licence_view.accessibleName() == "Licence of celery"
    QtBot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is dialog.licence_view


def test_a_click_shows_the_licence(dialog: AboutDialog) -> None:
    item = dialog.table.item(row_of(dialog, "billiard"), 2)
    dialog.table.scrollToItem(item)
    place = dialog.table.visualItemRect(item).center()
    QtBot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.licence_view.accessibleName() == "Licence of billiard"


def test_tab_reaches_everything_and_escape_closes(dialog: AboutDialog) -> None:
    reached = []
    for _ in range(5):
        reached.append(QApplication.focusWidget())
        QtBot.keyClick(reached[-1], Qt.Key.Key_Tab)
    assert reached == [
        dialog.table,
        dialog.licence_view,
        dialog.close_button,
        dialog.open_library_button,
        dialog.open_logs_button,
    ]
    assert QApplication.focusWidget() is dialog.table
    QtBot.keyClick(dialog.table, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_screen_reader_is_told_what_everything_is(dialog: AboutDialog, home: Home) -> None:
    names = [button.accessibleName() for button in dialog.findChildren(QPushButton)]
    assert sorted(names) == ["Close", "Open the folder with the logs", "Open the library’s folder"]
    assert dialog.open_logs_button.accessibleDescription() == str(home.logs)
    table = QAccessible.queryAccessibleInterface(dialog.table)
    assert table.text(QAccessible.Text.Name) == "What Unbraid is made of"
    cells = [table.child(place).text(QAccessible.Text.Name) for place in range(table.childCount())]
    assert {"Part", "Version", "Licence", "celery", "5.7.0", "BSD-3-Clause"} <= set(cells)


def test_the_folders_are_opened(dialog: AboutDialog, home: Home) -> None:
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, "open")
    dialog.open_library_button.click()
    QtBot.keyClick(dialog.open_logs_button, Qt.Key.Key_Return)
    QDesktopServices.unsetUrlHandler("file")
    assert manager.opened == [home.root, home.logs]


def test_a_long_path_is_cut_in_its_middle_and_whole_in_the_tooltip(tmp_path: Path, qtbot: QtBot) -> None:
    home = Home(tmp_path / ("very long " * 15) / "library")
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    assert dialog.minimumSizeHint().width() <= dialog.minimumWidth()
    assert str(home.logs) in {label.toolTip() for label in dialog.children() if hasattr(label, "toolTip")}


def test_it_opens_once_and_again_brings_the_same_one(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(2):
        window.open_about()
        qtbot.waitUntil(lambda: any(found.isVisible() for found in window.findChildren(AboutDialog)))
        (dialog,) = window.findChildren(AboutDialog)
        assert not dialog.isModal()
        dialog.close()


def test_the_settings_lead_to_it(window: MainWindow) -> None:
    window.open_settings()
    (settings,) = window.findChildren(SettingsDialog)
    QtBot.mouseClick(settings.about_button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert window.findChildren(AboutDialog)[0].isVisible()


def test_the_window_opens_without_loading_it() -> None:
    code = (
        "import sys, desktop.ui.app.main_window; assert not [name for name in sys.modules if 'dialogs.about' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("edition", "shown"), [("", ""), ("GPU edition", " · GPU edition")])
def test_its_heading_says_which_edition_this_is(
    home: Home, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, edition: str, shown: str
) -> None:
    monkeypatch.setattr(nvidia, "edition_name", lambda: edition)
    made = AboutDialog(home)
    qtbot.addWidget(made)
    assert f"Unbraid {__version__}{shown}" in [label.text() for label in made.findChildren(QLabel)]
