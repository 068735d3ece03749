"""Export dialog."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from desktop.export.names import check_name_template
from desktop.export.presets import BuiltInPreset
from desktop.export.settings import ExportKind, ExportSettings, ProjectKind
from desktop.settings import valid_settings
from desktop.text.message import tr, tr_count
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.core.settings_store import SettingsStore
from desktop.ui.dialogs.export.collision_dialog import CollisionDialog
from desktop.ui.dialogs.export.content_panel import ContentPanel
from desktop.ui.dialogs.export.form_panel import FormPanel
from desktop.ui.dialogs.export.plan import (
    FolderFacts,
    StemFacts,
    count_files,
    first_files,
    is_exact,
    list_file_names,
    read_folder_facts,
    read_stem_facts,
)
from desktop.ui.dialogs.export.preset_menu import PresetButton
from desktop.ui.dialogs.export.presets import PresetStore
from desktop.ui.dialogs.export.song import ExportSong, effective_settings, export_title
from desktop.ui.dialogs.settings_widgets import ControlScrollArea
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.metrics import MAX_TITLE_BAR_HEIGHT
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import focus_next_control
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import ElidedLabel, TextLabel
from desktop.ui.widgets.text_escaping import escape_window_title

_SIZE = (980, 760)
_MIN_SIZE = (860, 420)
_HEADER_HEIGHT, _FOOTER_HEIGHT, _MARGIN = 60, 68, 24
_HEADING_SIZE = 18
Result = TypeVar("Result")


def ask_for_export(
    parent: QWidget, songs: Sequence[ExportSong], settings_store: SettingsStore, background: BackgroundRunner
) -> tuple[ExportSettings, Path] | None:
    """Ask what to export of `songs`, of which there is at least one, and into which folder; None if the user cancels.

    The folder is saved in the settings. `background` reads files and folders, detached from what else it runs.
    """
    dialog = ExportDialog(songs, settings_store, background, parent)
    is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return (dialog.result_settings, dialog.folder) if is_accepted else None


class ExportDialog(QDialog):
    """Dialog that asks what to export of one song or many, in which form and where."""

    def __init__(
        self,
        songs: Sequence[ExportSong],
        settings_store: SettingsStore,
        background: BackgroundRunner,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        title = export_title(songs)
        self.setWindowTitle(escape_window_title(title))
        self._songs, self._settings_store, self._background = songs, settings_store, background
        self._settings = self._initial_settings()
        self._applied = {kind: (kind is ExportKind.MIX,) * 2 for kind in ExportKind}
        """Whether levels, and speed and key, are applied to each kind: a mix is as it is heard unless asked otherwise."""
        self._facts: Mapping[str, StemFacts] | None = None
        self._free_bytes: int | None = None
        self._totals_key: object = None
        self._is_closed = False
        self._checked: tuple[ExportSettings, Path] | None = None
        self.collision_dialog: CollisionDialog | None = None
        """The question about existing files; None while it is not asked."""
        self._heading = ElidedLabel(_HEADING_SIZE, 600)
        self._heading.show_text(title)
        self.preset_button = PresetButton(PresetStore(settings_store))
        self.content = ContentPanel(songs)
        self.form = FormPanel(songs, settings_store.export_folder())
        self.reset_button = PushButton(tr("&Reset"))
        self.cancel_button = PushButton(tr("&Cancel"))
        self.export_button = PushButton("", "primary")
        self.export_button.setDefault(True)
        self._build_layout()
        self._connect_signals()
        self._fit_screen()
        self._show(self._settings)
        self._read_stem_facts()
        self._read_folder()

    @property
    def folder(self) -> Path:
        """The folder to export to."""
        return self.form.folder_button.folder

    @property
    def result_settings(self) -> ExportSettings:
        """What the user wants exported, without what has nothing to apply in any of the songs."""
        return effective_settings(self._settings, self._songs)

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the kind: Space, pressed out of habit to play, must not export."""
        super().showEvent(event)
        self.content.cards.setFocus(Qt.FocusReason.OtherFocusReason)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802
        """Move the focus in visual order; Qt's own order is the order of creation."""
        return focus_next_control(self, next)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground, and the lines below the header and above the footer."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        for y in (_HEADER_HEIGHT - 1, self.height() - _FOOTER_HEIGHT):
            painter.fillRect(QRect(0, y, self.width(), 1), theme.colour(Colour.LINE))

    def _build_layout(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(_MARGIN, 0, _MARGIN, 1)
        header.setSpacing(12)
        preset_label = TextLabel(tr("&Preset"), SECONDARY_SIZE, 400, Colour.DIM)
        preset_label.setBuddy(self.preset_button)
        header.addWidget(self._heading, 1)
        header.addWidget(preset_label)
        header.addWidget(self.preset_button)
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(0)
        columns.addWidget(self.content, 1)
        columns.addWidget(self.form)
        footer = QHBoxLayout()
        footer.setContentsMargins(_MARGIN, 1, _MARGIN, 0)
        footer.setSpacing(12)
        footer.addWidget(self.reset_button)
        footer.addStretch(1)
        footer.addWidget(self.cancel_button)
        footer.addWidget(self.export_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(_create_bar(header, _HEADER_HEIGHT))
        rows.addWidget(ControlScrollArea(body), 1)
        rows.addWidget(_create_bar(footer, _FOOTER_HEIGHT))
        self.setMinimumSize(*_MIN_SIZE)

    def _connect_signals(self) -> None:
        self.content.cards.value_selected.connect(self._choose_kind)
        self.content.changed.connect(self._change)
        self.form.changed.connect(self._change)
        self.form.project_selected.connect(self._choose_project)
        self.form.folder_changed.connect(self._read_folder)
        self.preset_button.preset_chosen.connect(self._choose_preset)
        self.preset_button.built_in_chosen.connect(self._choose_built_in)
        self.reset_button.clicked.connect(self._reset)
        self.cancel_button.clicked.connect(self.reject)
        self.export_button.clicked.connect(self._check_and_accept)

    def _initial_settings(self) -> ExportSettings:
        return ExportSettings(file_format=valid_settings(self._settings_store.settings).export_format)

    def _change(self, changes: Mapping[str, object]) -> None:
        """Set fields of the settings."""
        self._show(replace(self._settings, **changes).fitted())

    def _choose_kind(self, value: str) -> None:
        """Choose a kind, with what the user applied to it when it was chosen before."""
        kind = ExportKind(value)  # a signal has made it a plain string
        self._applied[self._settings.kind] = (self._settings.applies_levels, self._settings.applies_practice)
        levels, practice = self._applied[kind]
        self._change({"kind": kind, "applies_levels": levels, "applies_practice": practice})

    def _choose_project(self, value: str) -> None:
        self._change({"project": ProjectKind(value)})

    def _choose_preset(self, settings: ExportSettings) -> None:
        self._show(settings.fitted())

    def _choose_built_in(self, preset: BuiltInPreset) -> None:
        self._choose_kind(preset.kind)
        self._change({"stems": preset.stems})

    def _reset(self) -> None:
        self._applied = {kind: (kind is ExportKind.MIX,) * 2 for kind in ExportKind}
        self._show(self._initial_settings())

    def _show(self, settings: ExportSettings) -> None:
        """Show `settings`, and what they give."""
        self._settings = settings
        facts, effective = self._facts or {}, self.result_settings
        self.preset_button.show_settings(settings)
        self.content.show_settings(settings, is_exact(self._songs, effective, facts))
        self.form.show_settings(settings, facts)
        key = (replace(effective, name_template=""), self._facts is None)
        if key != self._totals_key:
            self._totals_key, self._totals = key, count_files(self._songs, effective, facts)
        files = first_files(self._songs, effective, facts)
        self.form.results.show_files(files, self._totals, self._facts is not None, self._free_bytes)
        self._show_export_button()

    def _show_export_button(self) -> None:
        count = self._totals.file_count
        text = tr_count("&Export {count} file", "&Export {count} files", count) if count else tr("&Export")
        if self._checked is not None:
            text = tr("Checking the folder…")
        self.export_button.setText(text)
        self.export_button.setAccessibleName(text.replace("&", ""))
        self.export_button.setEnabled(bool(count) and check_name_template(self._settings.name_template) is None)

    def _read(self, read: Callable[[], Result], show: Callable[[Result], None]) -> None:
        """Read files in the background, and show the result unless the dialog was closed meanwhile."""

        def show_if_open(result: Result) -> None:
            if not self._is_closed:
                show(result)

        self._background.run_detached(read, show_if_open)

    def _read_stem_facts(self) -> None:
        jobs = [song.job for song in self._songs]
        self._read(lambda: read_stem_facts(jobs), self._show_facts)

    def _show_facts(self, facts: Mapping[str, StemFacts]) -> None:
        self._facts = facts
        self._show(self._settings)

    def _read_folder(self) -> None:
        folder = self.folder
        self._read(lambda: read_folder_facts(folder), partial(self._show_folder_facts, folder))

    def _show_folder_facts(self, folder: Path, facts: FolderFacts) -> None:
        if folder == self.folder:
            self._free_bytes = facts.free_bytes
            self.form.show_folder_problem(facts.problem)
            self._show(self._settings)

    def _check_and_accept(self) -> None:
        """Look for files of the same names in the folder, then close the dialog, or ask before."""
        if self._checked is not None:
            return
        songs, settings, folder = self._songs, self.result_settings, self.folder
        self._checked = (settings, folder)
        self._show_export_button()
        self._read(lambda: read_folder_facts(folder, lambda: list_file_names(songs, settings)), self._finish_check)

    def _finish_check(self, facts: FolderFacts) -> None:
        checked, self._checked = self._checked, None
        self._show_export_button()
        if checked != (self.result_settings, self.folder):
            self._check_and_accept()  # changed meanwhile, which a slow disk gives time for
        elif facts.problem is not None:
            self.form.show_folder_problem(facts.problem)
            self.form.folder_button.setFocus(Qt.FocusReason.OtherFocusReason)
        elif facts.existing:
            self._ask_about_existing(facts.existing)
        else:
            self.accept()

    def _ask_about_existing(self, count: int) -> None:
        dialog = self.collision_dialog = CollisionDialog(count, self.folder, self)
        dialog.accepted.connect(self.accept)
        dialog.finished.connect(self._forget_collision_dialog)
        dialog.open()

    def _forget_collision_dialog(self) -> None:
        self.collision_dialog = None

    def done(self, arg__1: int) -> None:
        """Close the dialog, and ignore what is still being read."""
        self._is_closed = True
        super().done(arg__1)

    def accept(self) -> None:
        """Save the folder for the next time, and close the dialog."""
        self._settings_store.change(export_folder=str(self.folder))
        super().accept()

    def _fit_screen(self) -> None:
        """Take the size of the design, or what fits on the screen and over the window; the rest scrolls."""
        available = self.screen().availableSize()
        width, height = available.width(), available.height() - MAX_TITLE_BAR_HEIGHT
        parent = self.parentWidget()
        if parent is not None:
            width, height = min(width, parent.window().width()), min(height, parent.window().height())
        self.resize(max(_MIN_SIZE[0], min(_SIZE[0], width)), max(_MIN_SIZE[1], min(_SIZE[1], height)))


def _create_bar(layout: QHBoxLayout, height: int) -> QWidget:
    bar = QWidget()
    bar.setFixedHeight(height)
    bar.setLayout(layout)
    return bar
