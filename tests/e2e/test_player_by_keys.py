"""Play, mix and practise a song by keys alone, and hear from a screen reader what every step has changed."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from desktop.jobs.model import AnalysisInput
from desktop.paths import Home
from desktop.settings import Settings
from tests.e2e.test_accessibility import find
from tests.e2e.test_window import list_jobs, window
from tests.helpers.at_spi import BUS_LAUNCHER, Accessible, ScreenReader, State, accessibility_bus
from tests.helpers.library import wait_until
from tests.helpers.screen import Screen, virtual_screen
from tests.helpers.settings import save_settings
from tests.helpers.shared import FIXTURES

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI exists only on Linux"),
    pytest.mark.skipif(not BUS_LAUNCHER.exists(), reason="Debian's package at-spi2-core is not installed"),
]
# 126 bpm, A minor, 24 seconds.
SONG = FIXTURES / "multitrack" / "house126" / "mixture.flac"
# More than there are controls on the page.
MAX_TABS = 80
INTERVAL_S = 0.02


class Listener:
    """A user who presses keys and hears a screen reader."""

    def __init__(self, screen: Screen, reader: ScreenReader, program: Accessible) -> None:
        self._screen, self._reader, self._program = screen, reader, program
        self._known: dict[tuple[str, str], Accessible] = {}

    def press(self, *keys: str) -> None:
        self._screen.press_keys(*keys)

    def type_text(self, text: str) -> None:
        self._screen.type_text(text)

    def explore_page(self) -> None:
        """Remember every control: later steps ask it for what has changed."""
        self._known = {(control.role, control.name): control for control in self._program.descendants()}

    def control(self, role: str, name: str) -> Accessible:
        """Return a control that had this role and name when the page was explored."""
        return self._known[role, name]

    @property
    def focused(self) -> Accessible | None:
        return self._reader.focused(self._program)

    def wait_for_focus(self, role: str, name: str) -> Accessible:
        """Wait until a control of this role, whose name starts with `name`, has the focus, and return it."""
        heard: list[Accessible] = []

        def is_heard() -> bool:
            heard[:] = [control for control in [self.focused] if control and _is_control(control, role, name)]
            return bool(heard)

        wait_for(is_heard)
        return heard[0]

    def tab_to(self, role: str, name: str) -> Accessible:
        """Press Tab until a control of this role, whose name starts with `name`, has the focus, and return it."""
        for _ in range(MAX_TABS):
            count = self._reader.focus_count
            self.press("Tab")
            wait_for(lambda: self._reader.focus_count > count)  # noqa: B023 - called in this round only
            focused = self.focused
            if focused and _is_control(focused, role, name):
                return focused
        raise AssertionError(f"Tab never reaches {role} {name!r}")


def _is_control(control: Accessible, role: str, name: str) -> bool:
    """Return whether a control has this role and a name that starts with `name`; one that is gone has none."""
    with suppress(AssertionError):
        return control.role == role and control.name.startswith(name)
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    wait_until(condition, timeout_s=15, interval_s=INTERVAL_S)


def wait_for_state(control: Accessible, state: State, is_on: bool = True) -> None:
    wait_for(lambda: control.has_state(state) == is_on)


def test_player_is_used_by_keys_alone_and_says_every_change(tmp_path: Path, qapp: QApplication) -> None:
    library = tmp_path / "library"
    save_settings(Home(library).create_folders(), Settings(model="sketch"))
    with virtual_screen() as screen, accessibility_bus(tmp_path, screen.environment) as (bus_environment, reader):
        screen.environment |= bus_environment
        with window(library, screen, SONG, card=tmp_path / "heard.wav"):
            program = reader.wait_for_program("Unbraid")
            wait_until(lambda: [job.analysed for job in list_jobs(library)] == [AnalysisInput.STEMS])
            with reader.recording_events(program):
                user = Listener(screen, reader, program)
                open_player(user)
                play_and_seek(user)
                mix(user)
                practise(user)
                loop_and_mark(user)
                switch_mixes_and_undo(user)
                correct_tempo_and_key(user)
                look_and_compare(user)
                user.press("Escape")
                user.wait_for_focus("cell", "mixture, ")


def open_player(user: Listener) -> None:
    """Open the song from the table; Return also plays it."""
    user.press("Return")
    user.wait_for_focus("canvas", "Waveforms")
    user.explore_page()


def play_and_seek(user: Listener) -> None:
    play, playhead = user.control("push button", "Pause"), user.control("slider", "Playhead")
    user.press("space")
    wait_for(lambda: play.name == "Play")
    user.press("space")
    wait_for(lambda: play.name == "Pause")
    user.press("space", "Home")
    wait_for(lambda: (play.name, playhead.description) == ("Play", "0 seconds of 23 seconds"))
    user.press("Right")
    wait_for(lambda: (playhead.value, playhead.description) == (5, "5 seconds of 23 seconds"))


def mix(user: Listener) -> None:
    """Mute, solo, and change level and pan, from the lanes and by the keys that work everywhere."""
    for key, name in (("1", "Mute Vocals"), ("shift+2", "Solo Drums")):
        button = user.control("check box", name)
        user.press(key)
        wait_for_state(button, State.CHECKED)
        user.press(key)
        wait_for_state(button, State.CHECKED, False)
    pan = user.tab_to("dial", "Pan of Vocals")
    user.press("Left")
    wait_for(lambda: (pan.value, pan.description) == (-5, "left 5 percent"))
    mute = user.tab_to("check box", "Mute Vocals")
    user.press("space")
    wait_for_state(mute, State.CHECKED)
    user.press("space")
    wait_for_state(mute, State.CHECKED, False)
    fader = user.tab_to("slider", "Level of Vocals")
    user.press("Down")
    wait_for(lambda: (fader.value, fader.description) == (-1, "−1.0 dB"))
    level = user.tab_to("spin box", "Level of Vocals in decibels")
    user.press("Return")
    user.type_text("-7.5")
    user.press("Return")
    wait_for(lambda: (level.value, fader.description) == (-7.5, "−7.5 dB"))


def practise(user: Listener) -> None:
    """Change speed and key, and turn the click on."""
    speed, key = user.control("spin box", "Speed"), user.control("spin box", "Transposition")
    user.press("s")
    wait_for(lambda: speed.value == 95)
    user.press("P")
    wait_for(lambda: (key.value, key.description) == (100, "Sounds in B♭ minor"))
    click = user.control("check box", "Click")
    user.press("c")
    wait_for_state(click, State.CHECKED)


def loop_and_mark(user: Listener) -> None:
    """Loop five seconds, name the loop, turn it off and on, add a section and go to it."""
    ruler, chosen = user.control("panel", "Ruler"), user.control("button menu", "Chosen loop: Whole song")
    repeat, playhead = user.control("check box", "Repeat the loop"), user.control("slider", "Playhead")
    user.press("bracketleft", "Right")
    wait_for(lambda: playhead.value == 10)
    user.press("bracketright")
    wait_for_state(repeat, State.CHECKED)
    passage = find(ruler, "check box", "Passage, from bar 3, beat 3 to bar 6, beat 2, on")
    user.press("shift+n")
    user.wait_for_focus("text", "Name of the loop")
    user.type_text("Refrain")
    user.press("Return")
    wait_for(lambda: passage.name == "Loop Refrain, from bar 3, beat 3 to bar 6, beat 2, on")
    wait_for(lambda: chosen.name == "Chosen loop: Refrain")
    user.wait_for_focus("spin box", "Level of Vocals in decibels")
    user.press("l")
    wait_for(lambda: passage.name.endswith(", off"))
    wait_for_state(repeat, State.CHECKED, False)
    user.press("k")
    user.wait_for_focus("text", "Name of the section")
    user.type_text("Bridge")
    user.press("Return")
    section = find(ruler, "push button", "Section Bridge, from bar 6, beat 2")
    user.press("Home")
    wait_for(lambda: playhead.value == 0)
    user.press("shift+Next")
    wait_for(lambda: playhead.value == 10)
    assert section.name == "Section Bridge, from bar 6, beat 2"


def switch_mixes_and_undo(user: Listener) -> None:
    mixes = {name: user.control("radio button", f"Mix {name}") for name in "AB"}
    fader, mute = user.control("slider", "Level of Vocals"), user.control("check box", "Mute Bass")
    for key, name in (("alt+2", "B"), ("alt+1", "A")):
        user.press(key)
        wait_for_state(mixes[name], State.CHECKED)
        assert fader.description == "−7.5 dB", "a mix that was never chosen begins as a copy"
    user.press("3")
    wait_for_state(mute, State.CHECKED)
    user.press("ctrl+z")
    wait_for_state(mute, State.CHECKED, False)
    user.press("ctrl+y")
    wait_for_state(mute, State.CHECKED)


def correct_tempo_and_key(user: Listener) -> None:
    tempo, key = user.tab_to("push button", "Tempo: 126 bpm"), user.control("button menu", "Key: A minor")
    user.press("Return")
    user.wait_for_focus("push button", "Tap the tempo")
    user.tab_to("push button", "Halve")
    user.press("space")
    wait_for(lambda: tempo.name == "Tempo: 63 bpm")
    user.press("Escape")
    user.wait_for_focus("push button", "Tempo: 63 bpm")
    user.tab_to("button menu", "Key: A minor")
    user.press("Return")
    user.press("Down")
    wait_for_state(user.wait_for_focus("menu item", "A minor (found)"), State.CHECKED)
    user.press("Down")
    user.wait_for_focus("menu item", "C major (relative)")
    user.press("Return")
    wait_for(lambda: key.name == "Key: C major")
    user.wait_for_focus("button menu", "Key: C major")


def look_and_compare(user: Listener) -> None:
    """Show spectrograms and lyrics, and hear the original."""
    spectrogram, original = user.control("radio button", "Spectrogram"), user.control("check box", "Hear the original")
    lyrics = user.control("check box", "Lyrics")
    for button, key in ((spectrogram, "shift+w"), (original, "o"), (lyrics, "y")):
        user.press(key)
        wait_for_state(button, State.CHECKED)
        user.press(key)
        wait_for_state(button, State.CHECKED, False)
