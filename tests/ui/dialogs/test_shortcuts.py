"""The list of shortcuts, generated from the actions that bind them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from desktop.ui.app.main_window import MainWindow
from desktop.ui.dialogs.about import AboutDialog
from desktop.ui.dialogs.shortcuts import ShortcutsDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "does not support propagateSizeHints")


@pytest.mark.parametrize("key", ["F1", "?"])
def test_f1_and_question_mark_show_all_shortcuts(window: MainWindow, qtbot: QtBot, key: str) -> None:
    if key == "F1":
        qtbot.keyClick(window, Qt.Key.Key_F1)
    else:
        qtbot.keyClicks(window, "?")
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(ShortcutsDialog)))
    (dialog,) = window.findChildren(ShortcutsDialog)
    lines = {tuple(line.strip().split("\t")) for line in dialog.text_view.toPlainText().splitlines() if "\t" in line}
    window.registry.set_player_open(True)  # the list has the keys of the Player page, too
    for action in window.registry.qt_actions:
        if not action.text()[-1].isdigit():  # lanes and mixes share a row
            shortcuts = [shortcut.toString(QKeySequence.SequenceFormat.NativeText) for shortcut in action.shortcuts()]
            assert (action.text(), ", ".join(shortcuts)) in lines
    assert {("Mute lane 1 to 6", "1 to 6"), ("Solo lane 1 to 6", "Shift+1 to Shift+6")} <= lines
    dialog.about_requested.emit()
    assert window.findChildren(AboutDialog)
    dialog.close()


def test_question_mark_can_be_typed_in_the_search_field(window: MainWindow, qtbot: QtBot) -> None:
    window.top_bar.search_field.setFocus()
    qtbot.keyClicks(window.top_bar.search_field, "why?")
    assert window.top_bar.search_field.text() == "why?"
    assert not window.findChildren(ShortcutsDialog)


def test_no_shortcut_is_bound_twice(window: MainWindow) -> None:
    keys = [shortcut.toString() for action in window.registry.qt_actions for shortcut in action.shortcuts()]
    assert len(keys) == len(set(keys))
