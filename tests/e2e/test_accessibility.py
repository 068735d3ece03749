"""The main job done through the accessibility bus alone, as a screen reader, switch access or voice control do it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.jobs.model import JobState
from desktop.paths import Home
from desktop.settings import Settings, save_settings
from tests.e2e.test_window import window
from tests.helpers.at_spi import LAUNCHER, Accessible, accessibility_bus
from tests.helpers.command import ROOT, variables, words_of
from tests.helpers.library import until, write_song
from tests.helpers.screen import virtual_screen
from tests.helpers.window import a_job, stage, stored_song

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI is Linux's"),
    pytest.mark.skipif(not LAUNCHER.exists(), reason="Debian's package at-spi2-core is not installed"),
]
WHY = "The file is damaged: its index is missing."


def test_songs_are_opened_mixed_and_followed_through_the_accessibility_bus(tmp_path: Path, qapp: QApplication) -> None:
    library = tmp_path / "library"
    with stage(library) as made:
        stored_song(made, title="Vibe Ace")
        made.store.insert(a_job("Broken", JobState.FAILED, error=WHY))
    save_settings(Home(library), Settings(model="sketch"))
    with virtual_screen() as screen, accessibility_bus(tmp_path, screen.environment) as (more, reader):
        screen.environment |= more
        with window(library, screen):
            program = reader.program("Unbraid")
            with reader.listening_to(program):
                song = write_song(tmp_path / "New song.wav", 1.0)
                command, environment = words_of(song), variables(library) | screen.environment
                subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=True)
                until(lambda: "“New song” is separated." in reader.announcements)
            select(program, "Vibe Ace, Mara Lind, Four stems")
            mix_and_seek(program)
            select(program, f"Broken, Mara Lind, {WHY}")
            find(program, "push button", "Why it failed").act("Press")
            until(lambda: "Broken could not be separated" in [child.name for child in program.children()])


def select(program: Accessible, row: str) -> None:
    """Select the row whose words begin so: its song is then in the player, whose title the window has."""
    table = find(program, "table", "Songs")
    names: list[str] = []

    def is_there() -> bool:
        names[:] = [cell.name for cell in table.children()]
        return any(name.startswith(row) for name in names)

    until(is_there)
    table.select_child(next(number for number, name in enumerate(names) if name.startswith(row)))
    title, _, _ = row.partition(",")
    until(lambda: f"{title} – Unbraid" in [child.name for child in program.children()])


def mix_and_seek(program: Accessible) -> None:
    """Mute a lane by the action that means that, and set a level and the playhead by their numbers."""
    lane = find(program, "panel", "Vocals lane")
    find(lane, "check box", "Mute Vocals").act("Toggle")
    until(lambda: "muted" in [child.name for child in lane.children()])
    fader = find(lane, "slider", "Level of Vocals")
    fader.set_value(-6.0)
    until(lambda: (fader.value, fader.description) == (-6.0, "−6.0 dB"))
    playhead = find(program, "slider", "Playhead")
    playhead.set_value(1.0)
    until(lambda: (playhead.value, playhead.description) == (1.0, "1 second of 2 seconds"))


def find(place: Accessible, role: str, name: str) -> Accessible:
    """Wait for an object."""
    found: list[Accessible] = []

    def look() -> bool:
        found[:] = [one for one in place.below() if (one.role, one.name) == (role, name)][:1]
        return bool(found)

    until(look, patience=60)
    return found[0]
