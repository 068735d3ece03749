"""Looks of lanes: the title, colour, icon and height of each stem, and what the user chose in their place."""

from dataclasses import replace
from typing import Any

from desktop.audio.stems import stem_title
from desktop.playback.song_state import LaneLook
from desktop.text.message import Message
from desktop.ui.pages.player.practice_controls import PracticeControls
from desktop.ui.theme.palette import STEM_COLOURS, Colour, stem_colour

MAX_TITLE_LENGTH = 60
MIN_LANE_HEIGHT, MAX_LANE_HEIGHT = 36, 600
"""Smallest and largest height of a lane in logical pixels; the smallest has room for one row of controls."""
STEM_ICONS = {
    "vocals": "mdi6.microphone-variant",
    "drums": "fa5s.drum",
    "bass": "mdi6.guitar-electric",
    "guitar": "mdi6.guitar-acoustic",
    "piano": "mdi6.piano",
}
DEFAULT_STEM_ICON = "mdi6.music-note"
_STEM_TITLES = {
    "vocals": Message("Vocals"),
    "drums": Message("Drums"),
    "bass": Message("Bass"),
    "guitar": Message("Guitar"),
    "piano": Message("Piano"),
    "other": Message("Other"),
}


def displayed_stem_title(name: str) -> str:
    """Return the title of a stem in the language of the user; the name itself if only an imported model has it."""
    return str(_STEM_TITLES.get(name, stem_title(name)))


class LaneLooks:
    """Looks of the lanes of the loaded track, by the name of the stem."""

    def __init__(self, practice: PracticeControls) -> None:
        self._practice = practice

    def chosen_look(self, name: str) -> LaneLook:
        """Return what the user chose; empty values for what they did not."""
        return self._practice.state.looks.get(name, LaneLook())

    def title(self, name: str) -> str:
        """Return the title in the user's words, or that of the stem."""
        return self.chosen_look(name).title or displayed_stem_title(name)

    def colour(self, name: str) -> Colour:
        """Return the chosen colour, or that of the stem."""
        chosen = (colour for colour in STEM_COLOURS.values() if colour.name == self.chosen_look(name).colour)
        return next(chosen, stem_colour(name))

    def height(self, name: str) -> int:
        """Return the chosen height in logical pixels; 0 for a share of the height that is there."""
        height = self.chosen_look(name).height
        return min(MAX_LANE_HEIGHT, max(MIN_LANE_HEIGHT, height)) if height else 0

    def rename(self, name: str, title: str) -> None:
        """Set the title; an empty one, or that of the stem, gives the stem's own back."""
        title = " ".join(title.split())[:MAX_TITLE_LENGTH]
        self._change(name, title="" if title == displayed_stem_title(name) else title)

    def set_colour(self, name: str, colour: Colour | None) -> None:
        """Set the colour; None gives the stem's own back."""
        self._change(name, colour="" if colour in (None, stem_colour(name)) else colour.name)

    def set_height(self, name: str, height: int) -> None:
        """Set the height in logical pixels, within its limits; 0 gives the lane a share of the height that is there."""
        self._change(name, height=min(MAX_LANE_HEIGHT, max(MIN_LANE_HEIGHT, height)) if height else 0)

    def _change(self, name: str, **changes: Any) -> None:
        state = self._practice.state
        looks = {**state.looks, name: replace(self.chosen_look(name), **changes)}
        kept = {lane: look for lane, look in looks.items() if look != LaneLook()}
        self._practice.apply(replace(state, looks=kept))
