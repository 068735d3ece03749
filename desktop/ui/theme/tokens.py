"""Colours and dimensions of the theme; all drawing code takes them from here.

The tuples below the colours state which colours may be drawn on which surfaces. Contrast ratios follow WCAG 2.2: text
needs 4.5, a shape or a state that has to be seen needs 3.0. Each colour is in one of the tuples, and a test computes
their contrasts.
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
"""For text that is not needed to operate the app."""
ACCENT = "#7c9cff"
ACCENT_HOVER = "#93aeff"
ON_ACCENT = "#0b1020"
GOOD = "#5fd6a1"
BAD = "#ff7a8a"
ON_BAD = "#2a0509"
SOLO = "#ffc05c"
ON_SOLO = "#201400"
RAIL = "#727d93"
"""Grooves of faders, meters and progress bars, ruler marks, scroll bar handles, and the frame of the drop card."""
KNOB = "#ffffff"
"""Fader knobs and the playhead."""
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
"""Colours of text, and of rings and edges that show a state; each is legible on all `SURFACES`."""
SHAPES_ON_SURFACES = (RAIL, KNOB, SOLO, *STEM_COLOURS.values())
"""Colours of shapes; each is visible on all `SURFACES`."""
TEXT_ON_FILLS = ((ON_ACCENT, ACCENT), (ON_ACCENT, ACCENT_HOVER), (ON_BAD, BAD), (ON_SOLO, SOLO), (BACKGROUND, TEXT))
"""Pairs of a text or icon colour and the fill colour of the control below it."""
HAIRLINES = (LINE, ROW_LINE)
"""Colours of decorative separator lines, which need no contrast; nothing else is drawn in them."""
BADGE_OPACITY = 0.22
"""Opacity of the stem colour behind a stem's icon, on `PANEL`."""
UNPLAYED_OPACITY = 0.62
"""Opacity of a waveform after the playhead, on `BACKGROUND`."""

TOP_BAR_HEIGHT = 52
ROW_HEIGHT = 48
COVER_SIZE = 36
HEADER_HEIGHT = 32
CONTROL_HEIGHT = 32
RADIUS = 8
CARD_RADIUS = 20
FOCUS_RING_WIDTH = 2
EDGE_WIDTH = 3
"""Width in pixels of the coloured edge at the left of a selected row, a notice or a lane."""


def stem_colour(name: str) -> str:
    """Return the colour of the stem `name`; sources that only an imported model has get the colour of "other"."""
    return STEM_COLOURS.get(name, STEM_COLOURS["other"])
