"""The colours and measures of the look, by name. Everything that is drawn takes them from here.

The tables below the colours say what may stand on what. Contrasts are those of WCAG 2.2: text needs 4.5, a shape or a
state that has to be seen needs 3.0. A colour is in one of the tables, and each of them is computed by a test.
"""

BACKGROUND = "#101216"
PANEL = "#171a20"
RAISED = "#1f232b"
RAISED_HOVER = "#242932"
SELECTED = "#1b2844"
HOVERED = "#23272f"
TEXT = "#e9ecf2"
DIM = "#9aa3b2"
FAINT = "#8590a3"
"""For what is not needed to act."""
ACCENT = "#7c9cff"
ACCENT_HOVER = "#93aeff"
ON_ACCENT = "#0b1020"
GOOD = "#5fd6a1"
BAD = "#ff7a8a"
ON_BAD = "#2a0509"
SOLO = "#ffc05c"
ON_SOLO = "#201400"
RAIL = "#727d93"
"""Tracks of faders, meters and progress bars, marks of the ruler, handles of scroll bars, the frame of the drop card."""
KNOB = "#ffffff"
"""Knobs of faders, and the playhead."""
LINE = "#2a2f39"
ROW_LINE = "#1c2027"

STEM_COLOURS: dict[str, str] = {
    "vocals": "#ff7a8a",
    "drums": "#ffc05c",
    "bass": "#5fd6a1",
    "other": "#8fa8ff",
    "guitar": "#e58bd6",
    "piano": "#5cc8e8",
}

SURFACES = (BACKGROUND, PANEL, RAISED, RAISED_HOVER, SELECTED, HOVERED)
TEXT_ON_SURFACES = (TEXT, DIM, FAINT, ACCENT, GOOD, BAD)
"""Text, and rings and edges that show a state: each may stand on every ground."""
SHAPES_ON_SURFACES = (RAIL, KNOB, SOLO, *STEM_COLOURS.values())
"""Each may stand on every ground."""
TEXT_ON_FILLS = ((ON_ACCENT, ACCENT), (ON_ACCENT, ACCENT_HOVER), (ON_BAD, BAD), (ON_SOLO, SOLO), (BACKGROUND, TEXT))
"""Text and signs on a control that is filled with a colour, each with its fill."""
HAIRLINES = (LINE, ROW_LINE)
"""Lines between things that stand apart without them: they need no contrast, and nothing else is drawn in them."""
BADGE_OPACITY = 0.22
"""Opacity of a stem's colour behind its icon, on a panel."""
UNPLAYED_OPACITY = 0.62
"""Opacity of a waveform after the playhead, on the background."""

SPACING = (4, 8, 12, 16, 24, 32)
TOP_BAR_HEIGHT = 52
ROW_HEIGHT = 48
COVER_SIZE = 36
HEADER_HEIGHT = 32
CONTROL_HEIGHT = 32
RADIUS = 8
CARD_RADIUS = 20
FOCUS_RING_WIDTH = 2
EDGE_WIDTH = 3
"""Pixels of the coloured edge at the left of a selected row, a notice or a lane."""


def stem_colour(name: str) -> str:
    """The colour of a stem; sources that only an imported model has are drawn like "other"."""
    return STEM_COLOURS.get(name, STEM_COLOURS["other"])
