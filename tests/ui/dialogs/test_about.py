"""The About dialog: version, folders, and the licence of every component."""

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
from desktop.text.message import Message
from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs import components
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.components import list_components, read_licence
from desktop.ui.dialogs.settings import SettingsDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class FileManager(QObject):
    """A URL handler that records the opened paths, in place of the desktop's file manager."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(Path(url.toLocalFile()))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def dialog(home: Home, qtbot: QtBot) -> AboutDialog:
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    dialog.show_on_top()
    qtbot.waitExposed(dialog)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is dialog.table)
    return dialog


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the resources folder of a packaged app that lists one component and its licence."""
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


def find_row(dialog: AboutDialog, name: str) -> int:
    return dialog.table.findItems(name, Qt.MatchFlag.MatchExactly)[0].row()


def test_checkout_lists_every_package_and_bundled_library_with_its_licence() -> None:
    parts = {part.name: part for part in list_components()}
    assert (parts["Unbraid"].version, parts["Unbraid"].licence) == (__version__, "MIT")
    assert parts["celery"].licence == "BSD-3-Clause"
    assert (parts["libsndfile"].bundled_in, parts["libsndfile"].licence[:8]) == ("soundfile", "LGPL-2.1")
    assert "Permission is hereby granted" in read_licence(parts["Unbraid"])
    assert "Ask Solem" in read_licence(parts["celery"])
    assert read_licence(parts["libsndfile"]) == read_licence(parts["soundfile"])


def test_packaged_app_lists_the_components_of_its_own_file(packaged: Path) -> None:
    (part,) = list_components()
    assert (part.name, part.version, part.licence, part.bundled_in) == ("FFmpeg", "8.1.2", "LGPL-2.1-or-later", "av")
    assert read_licence(part) == "GNU LESSER"


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"name": 1}', '[{"name": "half"}]'])
def test_damaged_component_list_still_lists_unbraid(packaged: Path, damage: str, home: Home, qtbot: QtBot) -> None:
    (packaged / "components.json").write_text(damage)
    assert [part.name for part in list_components()] == ["Unbraid"]
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    assert dialog.licence_view.toPlainText() == "The text of its licence is not on this computer."


def test_arrow_keys_select_a_licence_and_return_focuses_its_text(dialog: AboutDialog) -> None:
    dialog.table.setCurrentCell(find_row(dialog, "celery") - 1, 0)
    QtBot.keyClick(dialog.table, Qt.Key.Key_Down)
    assert "Ask Solem" in dialog.licence_view.toPlainText()
    assert dialog.licence_view.accessibleName() == "Licence of celery"
    QtBot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is dialog.licence_view


def test_click_shows_the_licence(dialog: AboutDialog) -> None:
    item = dialog.table.item(find_row(dialog, "billiard"), 2)
    dialog.table.scrollToItem(item)
    center = dialog.table.visualItemRect(item).center()
    QtBot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=center)
    assert dialog.licence_view.accessibleName() == "Licence of billiard"


def test_tab_reaches_every_control_and_escape_closes_the_dialog(dialog: AboutDialog) -> None:
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


def test_buttons_and_cells_have_accessible_names(dialog: AboutDialog, home: Home) -> None:
    names = [button.accessibleName() for button in dialog.findChildren(QPushButton)]
    assert sorted(names) == ["Close", "Open the folder with the logs", "Open the library’s folder"]
    assert dialog.open_logs_button.accessibleDescription() == str(home.logs)
    table = QAccessible.queryAccessibleInterface(dialog.table)
    assert table.text(QAccessible.Text.Name) == "Components of Unbraid"
    cells = [table.child(n).text(QAccessible.Text.Name) for n in range(table.childCount())]
    assert {"Part", "Version", "Licence", "celery", "5.7.0", "BSD-3-Clause"} <= set(cells)


def test_folder_buttons_open_the_library_and_the_logs(dialog: AboutDialog, home: Home) -> None:
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, "open")
    dialog.open_library_button.click()
    QtBot.keyClick(dialog.open_logs_button, Qt.Key.Key_Return)
    QDesktopServices.unsetUrlHandler("file")
    assert manager.opened == [home.root, home.logs]


def test_long_path_is_elided_and_complete_in_the_tooltip(tmp_path: Path, qtbot: QtBot) -> None:
    home = Home(tmp_path / ("very long " * 15) / "library")
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    assert dialog.minimumSizeHint().width() <= dialog.minimumWidth()
    assert str(home.logs) in {label.toolTip() for label in dialog.children() if hasattr(label, "toolTip")}


def test_about_dialog_is_created_once_and_reused(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(2):
        window.dialogs.open_about()
        qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(AboutDialog)))
        (dialog,) = window.findChildren(AboutDialog)
        assert not dialog.isModal()
        dialog.close()


def test_settings_dialog_opens_the_about_dialog(window: MainWindow) -> None:
    window.dialogs.open_settings()
    (settings,) = window.findChildren(SettingsDialog)
    QtBot.mouseClick(settings.about_button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert window.findChildren(AboutDialog)[0].isVisible()


def test_main_window_does_not_import_the_about_dialog() -> None:
    code = (
        "import sys, desktop.ui.app.main_window; assert not [name for name in sys.modules if 'dialogs.about' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("edition", "suffix"), [(None, ""), (Message("GPU edition"), " · GPU edition")])
def test_heading_names_the_edition(
    home: Home, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, edition: Message | None, suffix: str
) -> None:
    monkeypatch.setattr(nvidia, "edition_name", lambda: edition)
    dialog = AboutDialog(home)
    qtbot.addWidget(dialog)
    assert f"Unbraid {__version__}{suffix}" in [label.text() for label in dialog.findChildren(QLabel)]
