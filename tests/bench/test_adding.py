"""Time to add 500 tagged tracks, and the longest gap of the window's event loop meanwhile. Prints; never fails."""

from pathlib import Path
from time import perf_counter

import pytest
from pytestqt.qtbot import QtBot

from desktop.probe import client
from tests.helpers.shared import FIXTURES
from tests.helpers.window import event_loop_gaps, window_harness

pytestmark = [pytest.mark.bench, pytest.mark.qt_log_ignore("does not support propagateSizeHints")]
TRACK = FIXTURES / "formats" / "image.mp3"
COUNT = 500


def test_time_to_add_500_tracks(qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    for number in range(COUNT):
        # Each has its own content: bytes after an MP3's last frame are ignored.
        (folder / f"{number:03}.mp3").write_bytes(TRACK.read_bytes() + f"{number:03}".encode())
    with window_harness(tmp_path / "home") as harness:
        window = harness.create_window()
        qtbot.addWidget(window)
        window.show()
        with event_loop_gaps(window) as gaps:
            start = perf_counter()
            window.add_tracks([folder])
            qtbot.waitUntil(lambda: window.library.table_model.rowCount() == COUNT, timeout=120_000)
            add_seconds = perf_counter() - start
        window.close()
    start = perf_counter()
    for track in folder.iterdir():
        client.read_tags(track)
    tag_seconds = perf_counter() - start
    with capsys.disabled():
        print(
            f"\n{COUNT} tracks: added in {add_seconds:.1f} s, longest gap of the window {max(gaps) * 1e3:.0f} ms",
            end="",
        )
        print(f"; reading the tags alone, in the probe: {tag_seconds:.2f} s")
