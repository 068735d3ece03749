"""Colours of stems in files for other programs: those of Okabe and Ito, which the colour-blind can tell apart."""

_COLOURS = {
    "drums": "#009E73",
    "bass": "#D55E00",
    "other": "#CC79A7",
    "vocals": "#56B4E9",
    "guitar": "#E69F00",
    "piano": "#F0E442",
}


def stem_colour(name: str, chosen: str = "") -> str:
    """Return the colour of the stem `name`, such as "#009E73"; with `chosen`, the name of another stem, that of this one."""
    return _COLOURS.get(chosen.lower()) or _COLOURS.get(name, _COLOURS["other"])
