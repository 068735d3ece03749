"""Use the app through the accessibility bus alone, as screen readers, switch access and voice control do."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.jobs.model import JobState
from desktop.paths import Home
from desktop.settings import Settings
from desktop.text.message import verbatim
from tests.e2e.test_window import window
from tests.helpers.at_spi import BUS_LAUNCHER, Accessible, State, accessibility_bus
from tests.helpers.command import ROOT, command_environment, unbraid_command
from tests.helpers.jobs import make_job
from tests.helpers.library import wait_until, write_song
from tests.helpers.screen import virtual_screen
from tests.helpers.settings import save_settings
from tests.helpers.window import add_separated_song, window_harness

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI exists only on Linux"),
    pytest.mark.skipif(not BUS_LAUNCHER.exists(), reason="Debian's package at-spi2-core is not installed"),
]
FAILURE_REASON = "The file is damaged: its index is missing."


def test_screen_reader_can_select_mix_and_follow_songs_over_at_spi(tmp_path: Path, qapp: QApplication) -> None:
    library = tmp_path / "library"
    with window_harness(library) as harness:
        add_separated_song(harness, title="Vibe Ace")
        harness.store.insert(make_job("Broken", JobState.FAILED, error=verbatim(FAILURE_REASON)))
    save_settings(Home(library), Settings(model="sketch"))
    with virtual_screen() as screen, accessibility_bus(tmp_path, screen.environment) as (bus_environment, reader):
        screen.environment |= bus_environment
        with window(library, screen):
            program = reader.wait_for_program("Unbraid")
            with reader.recording_events(program):
                song = write_song(tmp_path / "New song.wav", 1.0)
                command, environment = unbraid_command(song), command_environment(library) | screen.environment
                subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=True)
                wait_until(lambda: "“New song” has been separated." in reader.announcements)
            select(program, "Vibe Ace, Mara Lind, ")
            mix_and_seek(program)
            select(program, "Broken, Mara Lind, ")
            find(program, "push button", "Why it failed").do_action("Press")
            wait_until(lambda: "Broken could not be separated" in [child.name for child in program.children()])


def select(program: Accessible, row_start: str) -> None:
    """Select the row whose name starts with `row_start`, and wait until the window title shows its song."""
    table = find(program, "table", "Songs")
    names: list[str] = []

    def row_exists() -> bool:
        names[:] = [cell.name for cell in table.children()]
        return any(name.startswith(row_start) for name in names)

    wait_until(row_exists)
    table.select_child(next(number for number, name in enumerate(names) if name.startswith(row_start)))
    title, _, _ = row_start.partition(",")
    wait_until(lambda: f"{title} – Unbraid" in [child.name for child in program.children()])


def mix_and_seek(program: Accessible) -> None:
    """Mute a lane with its Toggle action, and set a level and the playhead by their values."""
    lane = find(program, "panel", "Vocals lane")
    mute = find(lane, "check box", "Mute Vocals")
    mute.do_action("Toggle")
    wait_until(lambda: mute.has_state(State.CHECKED))
    fader = find(lane, "slider", "Level of Vocals")
    fader.set_value(-6.0)
    wait_until(lambda: (fader.value, fader.description) == (-6.0, "−6.0 dB"))
    playhead = find(program, "slider", "Playhead")
    playhead.set_value(1.0)
    wait_until(lambda: (playhead.value, playhead.description) == (1.0, "1 second of 2 seconds"))


def find(root: Accessible, role: str, name: str) -> Accessible:
    """Wait for a descendant of `root` with this role and name, and return it."""
    found: list[Accessible] = []

    def is_found() -> bool:
        found[:] = [
            descendant for descendant in root.descendants() if (descendant.role, descendant.name) == (role, name)
        ][:1]
        return bool(found)

    wait_until(is_found, timeout_s=60)
    return found[0]
