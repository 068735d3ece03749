"""Menu of presets, and the dialog for their names."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QDialog, QLineEdit, QMenu, QWidget

from desktop.export.presets import BUILT_IN_PRESETS, BuiltInPreset
from desktop.export.settings import ExportSettings
from desktop.text.message import tr
from desktop.ui.dialogs.base import lay_out_question
from desktop.ui.dialogs.export.presets import (
    MAX_NAME_LENGTH,
    PresetStore,
    check_name,
    clean_name,
)
from desktop.ui.theme.fonts import SECONDARY_SIZE, TITLE_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton, ValueButton
from desktop.ui.widgets.label import TextLabel
from desktop.ui.widgets.text_escaping import escape_menu_text

_NAME_DIALOG_WIDTH = 420


class PresetButton(ValueButton):
    """Shows which preset the settings are, and opens the menu of presets."""

    built_in_chosen = Signal(BuiltInPreset)
    preset_chosen = Signal(ExportSettings)
    """The settings of a saved preset that the user chose."""

    def __init__(self, store: PresetStore) -> None:
        self.presets_menu = QMenu()
        super().__init__(tr("Preset"), self.presets_menu)
        self._store = store
        self._settings = ExportSettings()
        self.name_dialog: NameDialog | None = None
        """The dialog that asks for a name; None while there is none."""
        self.presets_menu.setProperty("checks", "true")
        self.presets_menu.aboutToShow.connect(self._fill_menu)

    def show_settings(self, settings: ExportSettings) -> None:
        """Show the name of the preset that has these settings."""
        self._settings = settings
        built_in = next((str(preset.title) for preset in BUILT_IN_PRESETS if preset.matches(settings)), tr("Custom"))
        self.show_value(self._store.name_of(settings) or built_in)

    def _fill_menu(self) -> None:
        menu, current = self.presets_menu, self._store.name_of(self._settings)
        menu.clear()
        group = QActionGroup(menu)
        for preset in BUILT_IN_PRESETS:
            is_chosen = not current and preset.matches(self._settings)
            self._add_choice(group, str(preset.title), is_chosen, partial(self.built_in_chosen.emit, preset))
        if self._store.presets:
            menu.addSeparator()
        for name, settings in self._store.presets.items():
            self._add_choice(group, name, name == current, partial(self.preset_chosen.emit, settings))
        menu.addSeparator()
        menu.addAction(tr("Save as a preset…")).triggered.connect(self._ask_to_save)
        if current:
            escaped = escape_menu_text(current)
            menu.addAction(tr("Rename “{name}”…", name=escaped)).triggered.connect(
                partial(self._ask_to_rename, current)
            )
            menu.addAction(tr("Delete “{name}”", name=escaped)).triggered.connect(partial(self._delete, current))

    def _add_choice(self, group: QActionGroup, text: str, is_chosen: bool, choose: Callable[[], object]) -> None:
        action = self.presets_menu.addAction(escape_menu_text(text))
        action.setCheckable(True)
        action.setChecked(is_chosen)
        action.setActionGroup(group)
        action.triggered.connect(lambda: choose())

    def _ask_to_save(self) -> None:
        self._open_name_dialog(
            tr("Save as a preset"), tr("Save"), "", lambda name: self._store.save(name, self._settings)
        )

    def _ask_to_rename(self, old: str) -> None:
        self._open_name_dialog(tr("Rename the preset"), tr("Rename"), old, partial(self._store.rename, old))

    def _delete(self, name: str) -> None:
        self._store.delete(name)
        self.show_settings(self._settings)

    def _open_name_dialog(self, heading: str, accept_text: str, name: str, on_name: Callable[[str], None]) -> None:
        taken = [*(str(preset.title) for preset in BUILT_IN_PRESETS), *self._store.presets]
        dialog = self.name_dialog = NameDialog(
            heading, accept_text, name, [each for each in taken if each != name], self
        )
        dialog.accepted.connect(lambda: on_name(dialog.name))
        dialog.finished.connect(self._close_name_dialog)
        dialog.open()

    def _close_name_dialog(self) -> None:
        self.name_dialog = None
        self.show_settings(self._settings)


class NameDialog(QDialog):
    """Asks for the name of a preset."""

    def __init__(
        self, heading: str, accept_text: str, name: str, taken: Sequence[str], parent: QWidget | None = None
    ) -> None:
        """`taken` are the names that it cannot have."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(heading)
        self._taken = taken
        self.field = QLineEdit(name)
        self.field.setAccessibleName(tr("Name of the preset"))
        self.field.setMaxLength(MAX_NAME_LENGTH)
        self.field.selectAll()
        self.error_label = TextLabel(" ", SECONDARY_SIZE, 400, Colour.BAD)
        self.error_label.setWordWrap(True)
        self._cancel_button, self.accept_button = PushButton(tr("Cancel")), PushButton(accept_text, "primary")
        self.accept_button.setDefault(True)
        self._cancel_button.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self.accept)
        self.field.textChanged.connect(self._check)
        column = lay_out_question(
            self,
            _NAME_DIALOG_WIDTH,
            (TextLabel(heading, TITLE_SIZE, 600), self.field, self.error_label),
            self._cancel_button,
            (self.accept_button,),
        )
        self.setFixedHeight(column.heightForWidth(_NAME_DIALOG_WIDTH))
        self.field.setFocus()
        self.accept_button.setEnabled(check_name(name, taken) is None)

    @property
    def name(self) -> str:
        """The typed name."""
        return clean_name(self.field.text())

    def _check(self, text: str) -> None:
        error = check_name(text, self._taken)
        self.accept_button.setEnabled(error is None)
        self.error_label.setText(str(error) if error else " ")
        self.field.setAccessibleDescription(str(error) if error else "")
