"""Left side of the export dialog: what is written, and what of the player is applied to it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.audio.names import printable
from desktop.export.settings import ExportKind, ExportSettings
from desktop.text.message import Message, tr, tr_count
from desktop.ui.dialogs.export.apply_text import APPLY_TEXTS
from desktop.ui.dialogs.export.kind_cards import KindCards
from desktop.ui.dialogs.export.song import ExportSong, list_stem_names
from desktop.ui.pages.player.lane_header_parts import StemBadge
from desktop.ui.pages.player.lane_looks import DEFAULT_STEM_ICON, MAX_TITLE_LENGTH, STEM_ICONS, displayed_stem_title
from desktop.ui.theme.fonts import BODY_SIZE, SECONDARY_SIZE
from desktop.ui.theme.palette import Colour, stem_colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.check_box import CheckBox
from desktop.ui.widgets.label import ElidedLabel, TextLabel

ROW_HEIGHT = 36
_HEADINGS = {
    ExportKind.STEMS: Message("&Which stems"),
    ExportKind.MIX: Message("&Which stems"),
    ExportKind.MINUS: Message("&Without which stem"),
    ExportKind.NI_STEM: Message("&Which stems"),
}
_EXACT_TEXT = Message("✓ Unchanged stems in WAV or FLAC sum exactly to the song.")


class StemRow(QWidget):
    """Check box of a stem, with its badge and title."""

    def __init__(self, name: str, detail: str) -> None:
        """`detail` says in which songs it is; empty if it is in all."""
        super().__init__()
        self.name = name
        title = printable(displayed_stem_title(name), MAX_TITLE_LENGTH)
        self.box = CheckBox()
        self.box.setAccessibleName(title)
        self.box.setAccessibleDescription(detail)
        title_label, detail_label = ElidedLabel(), ElidedLabel(SECONDARY_SIZE, 400, Colour.DIM)
        title_label.show_text(title)
        detail_label.show_text(detail)
        self.setFixedHeight(ROW_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.box.setFixedWidth(22)
        badge = StemBadge(STEM_ICONS.get(name, DEFAULT_STEM_ICON), stem_colour(name))
        for widget in (self.box, badge, title_label):
            row.addWidget(widget)
        row.addWidget(detail_label, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the check box on a click anywhere in the row."""
        if self.rect().contains(event.position().toPoint()):
            self.box.click()


@accessible_role(QAccessible.Role.Grouping)
class StemList(QWidget):
    """Check boxes of the stems that any of the songs has."""

    stems_changed = Signal(object)
    """Names of the chosen stems; None for all."""

    def __init__(self, songs: Sequence[ExportSong]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.rows = [StemRow(name, _song_count_text(name, songs)) for name in list_stem_names(songs)]
        for row in self.rows:
            column.addWidget(row)
            row.box.toggled.connect(self._emit_stems)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # for the heading, whose letter focuses the first check box
        self.setFocusProxy(self.rows[0].box)

    def show_stems(self, stems: tuple[str, ...] | None) -> None:
        """Check the boxes of `stems`, or all."""
        for row in self.rows:
            blocked = row.box.blockSignals(True)
            row.box.setChecked(stems is None or row.name in stems)
            row.box.blockSignals(blocked)

    def _emit_stems(self) -> None:
        chosen = tuple(row.name for row in self.rows if row.box.isChecked())
        self.stems_changed.emit(None if len(chosen) == len(self.rows) else chosen)


class ApplyRow(QWidget):
    """Check box of something that the player has set, with more about it."""

    def __init__(self) -> None:
        super().__init__()
        self.box = CheckBox()
        self._detail_label = ElidedLabel(SECONDARY_SIZE, 400, Colour.DIM)
        self.setFixedHeight(ROW_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.box)
        row.addWidget(self._detail_label, 1)

    def show_choice(self, text: str, detail: str, is_available: bool, is_checked: bool) -> None:
        """Show the texts, and whether it is applied. Without anything to apply, the box is disabled."""
        blocked = self.box.blockSignals(True)
        self.box.setText(text)
        self.box.setAccessibleDescription(detail)
        self.box.setEnabled(is_available)
        self.box.setChecked(is_checked and is_available)
        self.box.blockSignals(blocked)
        self._detail_label.show_text(detail)


class ContentPanel(QWidget):
    """Chooses the kind, the stems, and what of the player is applied."""

    changed = Signal(dict)
    """Fields of `ExportSettings` that the user changed, with their values; the kind is a signal of its cards."""

    def __init__(self, songs: Sequence[ExportSong]) -> None:
        super().__init__()
        self._songs = songs
        self.cards = KindCards()
        self.stems = StemList(songs)
        self.apply_rows = {field: ApplyRow() for field in APPLY_TEXTS}
        """Rows of what is applied, by the field of `ExportSettings` that they set."""
        self._stems_heading = create_heading("")
        self._stems_heading.setBuddy(self.stems)
        self.exact_label = TextLabel(str(_EXACT_TEXT), SECONDARY_SIZE, 400, Colour.GOOD)
        self.exact_label.setWordWrap(True)
        self._build_layout()
        self.stems.stems_changed.connect(partial(self._emit_change, "stems"))
        for field, row in self.apply_rows.items():
            row.box.toggled.connect(partial(self._emit_change, field))

    def show_settings(self, settings: ExportSettings, is_exact: bool) -> None:
        """Show `settings`; `is_exact` says that the written stems add up to the song."""
        self.cards.show_value(settings.kind)
        heading = str(_HEADINGS[settings.kind])
        self._stems_heading.setText(heading)
        self.stems.setAccessibleName(heading.replace("&", ""))
        self.stems.show_stems(settings.stems)
        for field, row in self.apply_rows.items():
            apply_text = APPLY_TEXTS[field](self._songs, settings.kind)
            row.show_choice(apply_text.text, apply_text.detail, apply_text.is_available, getattr(settings, field))
        self.exact_label.setVisible(is_exact)

    def _build_layout(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(0)
        column.addWidget(self.cards)
        column.addSpacing(18)
        column.addWidget(self._stems_heading)
        column.addWidget(self.stems)
        column.addSpacing(14)
        column.addWidget(create_heading(tr("Apply")))
        for row in self.apply_rows.values():
            column.addWidget(row)
        column.addSpacing(12)
        column.addWidget(self.exact_label)
        column.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        QPainter(self).fillRect(self.rect(), theme.colour(Colour.PANEL))

    def _emit_change(self, field: str, value: object) -> None:
        self.changed.emit({field: value})


def create_heading(text: str) -> TextLabel:
    """Return the heading of a part of the dialog."""
    return TextLabel(text, BODY_SIZE, 600, Colour.DIM)


def _song_count_text(name: str, songs: Sequence[ExportSong]) -> str:
    """Return in how many songs there is the stem `name`; empty for all of them."""
    count = sum(name in song.stem_names for song in songs)
    return "" if count == len(songs) else tr_count("in {count} song", "in {count} songs", count)
