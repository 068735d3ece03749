"""What adding 500 tagged songs costs, and how long the window is held up meanwhile. Prints; never fails."""

from pathlib import Path
from time import perf_counter

import pytest
from pytestqt.qtbot import QtBot

from desktop.probe import client
from tests.helpers.shared import FIXTURES
from tests.helpers.window import event_loop_gaps, window_harness

pytestmark = [pytest.mark.bench, pytest.mark.qt_log_ignore("does not support propagateSizeHints")]
SONG = FIXTURES / "formats" / "image.mp3"
COUNT = 500


def test_five_hundred_songs_are_added(qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs = tmp_path / "songs"
    songs.mkdir()
    for number in range(COUNT):
        # Each of its own content: what comes after an MP3's last frame is passed over.
        (songs / f"{number:03}.mp3").write_bytes(SONG.read_bytes() + f"{number:03}".encode())
    with window_harness(tmp_path / "home") as setting:
        window = setting.create_window()
        qtbot.addWidget(window)
        window.show()
        with event_loop_gaps(window) as found:
            began = perf_counter()
            window.add_tracks([songs])
            qtbot.waitUntil(lambda: window.library.table_model.rowCount() == COUNT, timeout=120_000)
            took = perf_counter() - began
        window.close()
    began = perf_counter()
    for song in songs.iterdir():
        client.read_tags(song)
    tags = perf_counter() - began
    with capsys.disabled():
        print(f"\n{COUNT} songs: added in {took:.1f} s, longest gap of the window {max(found) * 1e3:.0f} ms", end="")
        print(f"; their tags alone, by the probe: {tags:.2f} s")
