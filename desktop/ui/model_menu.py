"""The button that chooses the model for the next songs."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from desktop.models.shelf import Model
from desktop.sizes import in_words
from desktop.ui.controls import ShellButton
from desktop.ui.jobs.status import SKETCH
from desktop.ui.plain import menu_words
from desktop.ui.theme import tokens
from desktop.ui.theme.glyphs import glyph_icon


class ModelMenu(ShellButton):
    """Shows the model in use, and offers the others."""

    chosen = Signal(str)
    """The name of a model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model", parent=parent)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # puts the arrow behind the words
        self.setIcon(glyph_icon("down", tokens.DIM))
        self.setIconSize(QSize(14, 14))
        self._menu = QMenu(self)
        self._menu.setProperty("checks", "true")
        self._menu.setToolTipsVisible(True)
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setMenu(self._menu)
        self.hide()

    def show_models(self, models: Sequence[Model], chosen: str) -> None:
        """Offer `models`, `chosen` being the one in use."""
        self._menu.clear()
        group = QActionGroup(self._menu)
        for model in models:
            action = self._menu.addAction(f"{menu_words(model.title)}\t{_remark(model)}")
            action.setCheckable(True)
            action.setChecked(model.name == chosen)
            action.triggered.connect(lambda _=False, name=model.name: self.chosen.emit(name))
            group.addAction(action)
        title = next((model.title for model in models if model.name == chosen), chosen)
        self.setText(f"{menu_words(title)} ")
        self.setAccessibleName(f"Model for the next songs: {title}")
        self.setToolTip("The model for the next songs")
        self.setVisible(bool(models))


def _remark(model: Model) -> str:
    if model.name == SKETCH:
        return "instant, draft quality"
    if model.present:
        return "on this computer"
    return f"downloads {in_words(model.bytes)} at first use"
