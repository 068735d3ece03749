"""Dimensions of the theme, in logical pixels."""

TOP_BAR_HEIGHT = 52
ROW_HEIGHT = 48
COVER_SIZE = 36
HEADER_HEIGHT = 32
CONTROL_HEIGHT = 32
RADIUS = 8
CARD_RADIUS = 20
FOCUS_RING_WIDTH = 2
EDGE_WIDTH = 3
"""Width of the coloured edge at the left of a selected row, a notice or a lane."""
MAX_TITLE_BAR_HEIGHT = 40
"""Largest height in pixels of the title bar that a window manager adds."""
