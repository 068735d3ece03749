"""Colours of the theme: their names, the palettes that give them values, and the palette in use.

All drawing code names a `Colour` and asks `theme` for its value when it paints, so a change of the palette shows at once.

The tuples below the names state which colours may be drawn on which surfaces. Contrast ratios follow WCAG 2.2: text
needs 4.5, a shape or a state that has to be seen needs 3.0. Each colour is in one of the tuples, and a test computes
their contrasts for each palette.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor


class Colour(Enum):
    """Name of a colour; `Palette` has its value."""

    BACKGROUND = auto()
    PANEL = auto()
    RAISED = auto()
    RAISED_HOVER = auto()
    SELECTED = auto()
    HOVERED = auto()
    TEXT = auto()
    DIM = auto()
    FAINT = auto()
    """For text that is not needed to operate the app."""
    ACCENT = auto()
    ACCENT_HOVER = auto()
    ON_ACCENT = auto()
    GOOD = auto()
    BAD = auto()
    ON_BAD = auto()
    SOLO = auto()
    ON_SOLO = auto()
    RAIL = auto()
    """Grooves of faders, meters and progress bars, ruler marks, scroll bar handles, and the frame of the drop card."""
    KNOB = auto()
    """Fader knobs and the playhead."""
    LINE = auto()
    ROW_LINE = auto()
    VOCALS = auto()
    DRUMS = auto()
    BASS = auto()
    OTHER = auto()
    GUITAR = auto()
    PIANO = auto()


STEM_COLOURS: Mapping[str, Colour] = {
    "vocals": Colour.VOCALS,
    "drums": Colour.DRUMS,
    "bass": Colour.BASS,
    "other": Colour.OTHER,
    "guitar": Colour.GUITAR,
    "piano": Colour.PIANO,
}

SURFACES = (
    Colour.BACKGROUND,
    Colour.PANEL,
    Colour.RAISED,
    Colour.RAISED_HOVER,
    Colour.SELECTED,
    Colour.HOVERED,
)
TEXT_ON_SURFACES = (Colour.TEXT, Colour.DIM, Colour.FAINT, Colour.ACCENT, Colour.GOOD, Colour.BAD)
"""Colours of text, and of rings and edges that show a state; each is legible on all `SURFACES`."""
SHAPES_ON_SURFACES = (Colour.RAIL, Colour.KNOB, Colour.SOLO, *STEM_COLOURS.values())
"""Colours of shapes; each is visible on all `SURFACES`."""
TEXT_ON_FILLS = (
    (Colour.ON_ACCENT, Colour.ACCENT),
    (Colour.ON_ACCENT, Colour.ACCENT_HOVER),
    (Colour.ON_BAD, Colour.BAD),
    (Colour.ON_SOLO, Colour.SOLO),
    (Colour.BACKGROUND, Colour.TEXT),
)
"""Pairs of a text or icon colour and the fill colour of the control below it."""
HAIRLINES = (Colour.LINE, Colour.ROW_LINE)
"""Colours of decorative separator lines, which need no contrast; nothing else is drawn in them."""
BADGE_OPACITY = 0.22
"""Opacity of the stem colour behind a stem's icon, on `Colour.PANEL`."""
UNPLAYED_OPACITY = 0.62
"""Opacity of a waveform after the playhead, on `Colour.BACKGROUND`."""


@dataclass(frozen=True)
class Palette:
    """A value, "#rrggbb", for each `Colour`. Raises ValueError if one is missing."""

    name: str
    values: Mapping[Colour, str]

    def __post_init__(self) -> None:
        missing = [colour.name for colour in Colour if colour not in self.values]
        if missing:
            raise ValueError(f"The palette {self.name} has no value for {', '.join(missing)}")

    def __getitem__(self, colour: Colour) -> str:
        return self.values[colour]


DARK = Palette(
    "dark",
    {
        Colour.BACKGROUND: "#101216",
        Colour.PANEL: "#171a20",
        Colour.RAISED: "#1f232b",
        Colour.RAISED_HOVER: "#242932",
        Colour.SELECTED: "#1b2844",
        Colour.HOVERED: "#23272f",
        Colour.TEXT: "#e9ecf2",
        Colour.DIM: "#9aa3b2",
        Colour.FAINT: "#8590a3",
        Colour.ACCENT: "#7c9cff",
        Colour.ACCENT_HOVER: "#93aeff",
        Colour.ON_ACCENT: "#0b1020",
        Colour.GOOD: "#5fd6a1",
        Colour.BAD: "#ff7a8a",
        Colour.ON_BAD: "#2a0509",
        Colour.SOLO: "#ffc05c",
        Colour.ON_SOLO: "#201400",
        Colour.RAIL: "#727d93",
        Colour.KNOB: "#ffffff",
        Colour.LINE: "#2a2f39",
        Colour.ROW_LINE: "#1c2027",
        Colour.VOCALS: "#ff7a8a",
        Colour.DRUMS: "#ffc05c",
        Colour.BASS: "#5fd6a1",
        Colour.OTHER: "#8fa8ff",
        Colour.GUITAR: "#e58bd6",
        Colour.PIANO: "#5cc8e8",
    },
)
PALETTES = (DARK,)


class Theme(QObject):
    """The palette in use. What keeps colours between two paints, as an icon does, renews them on `changed`."""

    changed = Signal()
    """Emitted after another palette was set."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    @property
    def palette(self) -> Palette:
        """The palette in use."""
        return self._palette

    def set_palette(self, palette: Palette) -> None:
        """Use `palette` from now on, and emit `changed` if it is another one."""
        if palette != self._palette:
            self._palette = palette
            self.changed.emit()

    def colour(self, colour: Colour) -> QColor:
        """Return the current value of `colour`, as an object that the caller may change."""
        return QColor(self._palette[colour])


theme = Theme(DARK)
"""The theme of the app."""


def stem_colour(name: str) -> Colour:
    """Return the colour of the stem `name`; sources that only an imported model has get the colour of "other"."""
    return STEM_COLOURS.get(name, Colour.OTHER)
