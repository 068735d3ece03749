"""Right side of the export dialog: the form of the files, their names and folder, and what the export gives."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from desktop.audio_formats import AAC, ALAC, AUDIO_FORMATS
from desktop.export.names import NAME_FIELDS, check_name_template
from desktop.export.settings import NI_STEM_FORMATS, ExportKind, ExportSettings, ProjectKind
from desktop.setting_spec import Choice
from desktop.text.message import Message, tr, verbatim
from desktop.ui.dialogs.export.content_panel import create_heading
from desktop.ui.dialogs.export.folder_button import FolderButton
from desktop.ui.dialogs.export.form_controls import DepthControl, sample_rate_of, show_sample_rates
from desktop.ui.dialogs.export.plan import StemFacts
from desktop.ui.dialogs.export.result_list import RING_MARGIN, ResultList
from desktop.ui.dialogs.export.song import ExportSong
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import announce
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.check_box import RING_GAP, Switch
from desktop.ui.widgets.drop_down import DropDown
from desktop.ui.widgets.label import TextLabel

WIDTH = 420
_LABEL_WIDTH = 110
_MAX_TEMPLATE_LENGTH = 200
_NORMALISE_EXPLANATION = Message(
    "Raises or lowers all files of a song alike, so that the loudest sample is at full scale."
)
_TAGS_EXPLANATION = Message("Writes title, artist, album, cover, tempo and key into the files.")
_PROJECT_EXPLANATION = Message(
    "Writes a project that has each stem on a track of its own, with tempo, sections and loop, and the tempo as MIDI."
)
_PROJECT_CHOICES = (
    Choice(ProjectKind.NONE, Message("No project file")),
    Choice(ProjectKind.REAPER, verbatim("Reaper")),
    Choice(ProjectKind.DAWPROJECT, verbatim("DAWproject")),
)
_NI_STEM_FORMAT_TITLES = {AAC.name: "AAC", ALAC.name: "Apple Lossless"}
"""Titles of formats without the suffix of files with a single track."""
_FIELD_TITLES = {
    "artist": Message("Artist"),
    "title": Message("Title"),
    "album": Message("Album"),
    "part": Message("Part, such as the stem"),
    "tempo": Message("Tempo"),
    "key": Message("Key"),
}


class FormPanel(QWidget):
    """Chooses format, depth, sample rate, normalising, tags, names and folder, and shows what that gives."""

    changed = Signal(dict)
    """Fields of `ExportSettings` that the user changed, with their values."""
    project_selected = Signal(object)
    """The chosen `ProjectKind`, which would be a plain string in `changed`, too."""
    folder_changed = Signal(Path)

    def __init__(self, songs: Sequence[ExportSong], folder: Path) -> None:
        super().__init__()
        self._songs = songs
        self.setFixedWidth(WIDTH)
        self.format_control, self.rate_control, self.project_control = DropDown(), DropDown(), DropDown()
        self.depth_control = DepthControl()
        self.normalise_switch, self.tags_switch = Switch(), Switch()
        self.name_field = QLineEdit()
        self.name_field.setMaxLength(_MAX_TEMPLATE_LENGTH)
        self.fields_button = PushButton("{ }", accessible_name=tr("Insert a field into the name"))
        self.fields_button.setMenu(self._create_fields_menu())
        self.name_error_label, self.folder_error_label = _create_error_label(), _create_error_label()
        self.folder_button = FolderButton(folder)
        self.results = ResultList()
        self._depth_label, self._project_label = TextLabel(), TextLabel()
        self._build_layout()
        self._connect_signals()

    def show_settings(self, settings: ExportSettings, facts: Mapping[str, StemFacts]) -> None:
        """Show `settings`; `facts` has what is known of the stem files, by id of the job."""
        audio_format = settings.audio_format
        self.format_control.set_choices(_format_choices(settings.kind), audio_format.name, audio_format.name)
        for widget in (self.depth_control, self._depth_label):
            widget.setVisible(audio_format.is_lossless)
        if audio_format.is_lossless:
            self.depth_control.show_depth(self._songs, facts, audio_format, settings.depth)
        show_sample_rates(self.rate_control, self._songs, audio_format, settings)
        for widget in (self.project_control, self._project_label):
            widget.setVisible(settings.can_have_project)
        self.project_control.set_choices(_PROJECT_CHOICES, settings.project, ProjectKind.NONE)
        self.normalise_switch.set_on(settings.normalises)
        self.tags_switch.set_on(settings.has_tags)
        if self.name_field.text() != settings.name_template:
            self.name_field.setText(settings.name_template)
        _show_error(self.name_error_label, self.name_field, check_name_template(settings.name_template))

    def show_folder_problem(self, problem: Message | None) -> None:
        """Show why no file can be written to the folder; None if they can be."""
        _show_error(self.folder_error_label, self.folder_button, problem)

    def _build_layout(self) -> None:
        name_row = QHBoxLayout()
        name_row.setSpacing(8)
        name_row.addWidget(self.name_field, 1)
        name_row.addWidget(self.fields_button)
        grid = self._grid = QGridLayout()
        grid.setContentsMargins(RING_MARGIN, 0, RING_MARGIN, 0)
        grid.setHorizontalSpacing(8 - RING_GAP)
        grid.setVerticalSpacing(12)
        grid.setColumnMinimumWidth(0, _LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        self._add_row(tr("&Format"), self.format_control)
        self._depth_label = self._add_row(tr("&Depth"), self.depth_control)
        self._add_row(tr("Sample ra&te"), self.rate_control)
        self._add_row(tr("&Normalise"), self.normalise_switch, str(_NORMALISE_EXPLANATION))
        self._add_row(tr("Ta&gs and cover"), self.tags_switch, str(_TAGS_EXPLANATION))
        self._project_label = self._add_row(tr("For a DAW"), self.project_control, str(_PROJECT_EXPLANATION))
        self._add_row(tr("N&ame"), self.name_field, row=name_row)
        self._add_control(self.name_error_label, grid.rowCount())
        self._add_row(tr("F&older"), self.folder_button)
        self._add_control(self.folder_error_label, grid.rowCount())
        heading = create_heading(tr("You get"))
        heading.setContentsMargins(RING_MARGIN, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(24 - RING_MARGIN, 20, 24 - RING_MARGIN, 20)
        column.setSpacing(0)
        column.addLayout(grid)
        column.addSpacing(18)
        column.addWidget(heading)
        column.addWidget(self.results)
        column.addStretch(1)

    def _add_row(
        self, title: str, control: QWidget, explanation: str = "", row: QHBoxLayout | None = None
    ) -> TextLabel:
        """Add a row with the name of a control, and the control or the layout `row` that it is in. Return the name."""
        label = TextLabel(title, SECONDARY_SIZE, 400, Colour.DIM)
        label.setBuddy(control)
        label.setToolTip(explanation)
        if not control.accessibleName():
            control.setAccessibleName(title.replace("&", ""))
        control.setToolTip(explanation or control.toolTip())
        number = self._grid.rowCount()
        self._grid.addWidget(label, number, 0)
        self._add_control(row or control, number)
        return label

    def _add_control(self, control: QWidget | QHBoxLayout, row: int) -> None:
        """Add a control to a row of the grid. A switch has room for its focus ring at the left, all others get it."""
        holder = QHBoxLayout()
        holder.setContentsMargins(0 if isinstance(control, Switch) else RING_GAP, 0, 0, 0)
        if isinstance(control, QHBoxLayout):
            holder.addLayout(control)
        else:
            holder.addWidget(control)
        if isinstance(control, Switch):
            holder.addStretch(1)
        self._grid.addLayout(holder, row, 1)

    def _connect_signals(self) -> None:
        self.format_control.value_selected.connect(self._select_format)
        self.depth_control.depth_selected.connect(partial(self._emit_change, "depth"))
        self.rate_control.value_selected.connect(self._select_rate)
        self.project_control.value_selected.connect(self.project_selected)
        self.normalise_switch.value_selected.connect(partial(self._emit_change, "normalises"))
        self.tags_switch.value_selected.connect(partial(self._emit_change, "has_tags"))
        self.name_field.textEdited.connect(partial(self._emit_change, "name_template"))
        self.folder_button.folder_chosen.connect(self.folder_changed)

    def _create_fields_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in NAME_FIELDS:
            field = f"{{{name}}}"
            action = menu.addAction(f"{_FIELD_TITLES[name]}\t{field}")
            action.triggered.connect(partial(self._insert_field, field))
        return menu

    def _insert_field(self, field: str, _checked: bool = False) -> None:
        self.name_field.insert(field)
        self.name_field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._emit_change("name_template", self.name_field.text())

    def _select_format(self, name: str) -> None:
        self.changed.emit({"file_format": name})

    def _select_rate(self, value: object) -> None:
        self.changed.emit({"sample_rate": sample_rate_of(value)})

    def _emit_change(self, field: str, value: object) -> None:
        self.changed.emit({field: value})

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the darker ground, and the line at the left."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.BACKGROUND))
        painter.fillRect(QRect(0, 0, 1, self.height()), theme.colour(Colour.LINE))


def _format_choices(kind: ExportKind) -> list[Choice]:
    if kind is ExportKind.NI_STEM:
        return [Choice(each.name, verbatim(_NI_STEM_FORMAT_TITLES[each.name])) for each in NI_STEM_FORMATS]
    return [Choice(each.name, verbatim(each.title)) for each in AUDIO_FORMATS.values()]


def _create_error_label() -> TextLabel:
    label = TextLabel("", SECONDARY_SIZE, 400, Colour.BAD)
    label.setWordWrap(True)
    label.hide()
    return label


def _show_error(label: TextLabel, control: QWidget, error: Message | None) -> None:
    """Show what is wrong with the value of a control below it, and say it once."""
    text = str(error) if error else ""
    if text and text != label.text():
        announce(control, text)
    label.setText(text)
    label.setVisible(bool(text))
    control.setAccessibleDescription(text)
