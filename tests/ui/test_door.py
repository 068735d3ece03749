"""One window a library, however many starts there are at once."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.paths import Home
from desktop.ui.door import Door
from tests.helpers.command import ROOT

# A start of the app: it hands its files over, or is the window until it has been given what it waits for.
START = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.paths import Home
from desktop.ui.door import Door
application = QCoreApplication([])
door = Door(Home(Path(sys.argv[1])).prepare())
print("ready", flush=True)
sys.stdin.readline()
if door.hand_over([Path(sys.argv[2])]):
    print(json.dumps(None))
else:
    got = [sys.argv[2]]
    def visited(files):
        got.extend(map(str, files))
        if len(got) == int(sys.argv[3]):
            application.quit()
    door.open(visited)
    application.exec()
    print(json.dumps(got))
"""


def start(root: Path, file: str, count: int) -> "subprocess.Popen[str]":
    words: Sequence[str] = [sys.executable, "-c", START, str(root), file, str(count)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_of_many_starts_at_once_one_opens_its_window_and_gets_the_files_of_all(tmp_path: Path) -> None:
    files = [f"/music/song {number}.wav" for number in range(4)]
    starts = [start(tmp_path / "library", file, len(files)) for file in files]
    for one in starts:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in starts:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    answers = [json.loads(one.communicate(timeout=30)[0]) for one in starts]
    (window,) = [answer for answer in answers if answer is not None]
    assert sorted(window) == files


def test_files_go_to_the_window_that_is_open_with_every_name_as_it_is(
    tmp_path: Path, qtbot: QtBot, qapp: object
) -> None:
    home = Home(tmp_path / "library").prepare()
    door = Door(home)
    assert not door.hand_over([])
    given: list[Path] = []
    door.open(given.extend)
    visitor = start(home.root, "/music/Ünbraided 花\udcff.wav", 0)
    assert visitor.stdin is not None
    visitor.stdin.write("\n")
    visitor.stdin.flush()
    qtbot.waitUntil(lambda: len(given) == 1, timeout=20_000)
    assert str(given[0]) == "/music/Ünbraided 花\udcff.wav"
    assert json.loads(visitor.communicate(timeout=20)[0].splitlines()[-1]) is None


@pytest.mark.parametrize("left", [True, False])
def test_what_a_killed_window_left_keeps_nobody_out(tmp_path: Path, qtbot: QtBot, left: bool) -> None:
    home = Home(tmp_path / "library").prepare()
    killed = start(home.root, "/a.wav", 2)
    assert killed.stdin is not None
    if left:
        killed.stdin.write("\n")
        killed.stdin.flush()
        qtbot.waitUntil(lambda: home.window_lock.exists(), timeout=20_000)
    killed.kill()
    killed.communicate()
    door = Door(home)
    assert not door.hand_over([])
