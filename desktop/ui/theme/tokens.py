"""The colours and measures of the look, by name. Everything that is drawn takes them from here."""

BACKGROUND = "#101216"
PANEL = "#171a20"
RAISED = "#1f232b"
RAISED_HOVER = "#282d37"
LINE = "#2a2f39"
ROW_LINE = "#1c2027"
DASHES = "#3a4252"
TEXT = "#e9ecf2"
DIM = "#9aa3b2"
FAINT = "#667085"
"""Only for what is not needed to act: it has less contrast than text must have."""
ACCENT = "#7c9cff"
ACCENT_HOVER = "#93aeff"
ON_ACCENT = "#0b1020"
GOOD = "#5fd6a1"
BAD = "#ff7a8a"
SELECTED = "#1b2130"
HOVERED = "#191d25"

STEM_COLOURS: dict[str, str] = {
    "vocals": "#ff7a8a",
    "drums": "#ffc05c",
    "bass": "#5fd6a1",
    "other": "#8fa8ff",
    "guitar": "#e58bd6",
    "piano": "#5cc8e8",
}

SPACE = (4, 8, 12, 16, 24, 32)
TOP_BAR = 52
ROW = 48
COVER = 36
HEADER_ROW = 32
CONTROL = 32
RADIUS = 8
CARD_RADIUS = 20
FOCUS_RING = 2


def stem_colour(name: str) -> str:
    """The colour of a stem; sources that only an imported model has are drawn like "other"."""
    return STEM_COLOURS.get(name, STEM_COLOURS["other"])
