"""Signs out of the icon fonts of QtAwesome, in a colour of ours."""

from PySide6.QtGui import QIcon

from desktop.paths import resources
from desktop.ui.theme import tokens


def icon(name: str, colour: str = tokens.TEXT) -> QIcon:
    """The sign called `name` in QtAwesome ("mdi6.guitar-electric"), sharp at every scale."""
    # Imported at first use: it takes a tenth of a second, and the window's first paint needs none of its signs.
    import qtawesome

    return qtawesome.icon(name, color=colour, color_disabled=tokens.FAINT)


def app_icon() -> QIcon:
    """The sign of the app, for title bars and task switchers."""
    made = QIcon()
    for path in sorted((resources() / "icons").glob("unbraid-*.png")):
        made.addFile(str(path))
    return made
