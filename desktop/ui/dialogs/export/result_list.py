"""“You get”: the files that an export would write, their sizes, and the free space."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.text.message import tr, tr_count
from desktop.text.sizes import format_size
from desktop.ui.dialogs.export.plan import MAX_SHOWN_FILES, ExportTotals, PlannedFile
from desktop.ui.pages.player.lane_header_parts import StemBadge
from desktop.ui.pages.player.lane_looks import DEFAULT_STEM_ICON, STEM_ICONS
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.metrics import FOCUS_RING_WIDTH
from desktop.ui.theme.palette import Colour, stem_colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.label import ElidedLabel, TextLabel

_ROW_HEIGHT = 30
_MIX_ICON = "mdi6.tune-variant"
RING_MARGIN = 6
"""Pixels from the files to the outer edge of the focus ring."""


class FileRow(QWidget):
    """Badge, name and size of a file."""

    def __init__(self) -> None:
        super().__init__()
        self._badge = StemBadge(_MIX_ICON, Colour.ACCENT)
        self.name_label = ElidedLabel(SECONDARY_SIZE).elide_middle()
        self.size_label = ElidedLabel(SECONDARY_SIZE, 400, Colour.DIM).align_right()
        self.setFixedHeight(_ROW_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._badge)
        row.addWidget(self.name_label, 1)
        row.addWidget(self.size_label)

    def show_file(self, file: PlannedFile, size: str) -> None:
        """Show a file with the text of its size."""
        self._badge.set_icon(STEM_ICONS.get(file.stem, DEFAULT_STEM_ICON) if file.stem else _MIX_ICON)
        self._badge.set_colour(stem_colour(file.stem) if file.stem else Colour.ACCENT)
        self.name_label.show_text(file.name)
        self.size_label.show_text(size)
        self.size_label.setMinimumWidth(self.size_label.sizeHint().width())


@accessible_role(QAccessible.Role.List, value=lambda widget: widget.value_text)
class ResultList(QWidget):
    """Files that an export would write. It takes the focus, so that keys scroll to it and screen readers read it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("You get"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.value_text = ""
        """All of it as text."""
        self.summary_label = TextLabel("", SECONDARY_SIZE, 400, Colour.DIM)
        self.summary_label.setWordWrap(True)
        self._more_label = TextLabel("", SECONDARY_SIZE)
        self.rows = [FileRow() for _ in range(MAX_SHOWN_FILES)]
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for row in self.rows:
            rows.addWidget(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(RING_MARGIN, RING_MARGIN, RING_MARGIN, RING_MARGIN)
        column.setSpacing(8)
        column.addLayout(rows)
        column.addWidget(self._more_label)
        column.addWidget(self.summary_label)

    def show_files(
        self, files: Sequence[PlannedFile], totals: ExportTotals, has_sizes: bool, free_bytes: int | None
    ) -> None:
        """Show the first files and how much there is; `has_sizes` is False as long as the sizes are not known.

        `free_bytes` is the free space of the folder, None if it is not known. Without a file, show why.
        """
        sizes = [
            _size_text(file.size_bytes, totals.is_estimate) if has_sizes and file.size_bytes is not None else ""
            for file in files
        ]
        for row, file, size in zip(self.rows, files, sizes, strict=False):
            row.show_file(file, size)
        for number, row in enumerate(self.rows):
            row.setVisible(number < len(files))
        more = totals.file_count - len(files)
        self._more_label.setText(tr_count("and {count} more file", "and {count} more files", more))
        self._more_label.setVisible(more > 0)
        is_short = has_sizes and free_bytes is not None and totals.size_bytes > free_bytes
        self.summary_label.setText(_summary_text(totals, has_sizes, free_bytes))
        self.summary_label.set_colour(Colour.BAD if is_short else Colour.DIM)
        lines = [", ".join(filter(None, (file.name, size))) for file, size in zip(files, sizes, strict=True)]
        lines += [self._more_label.text()] if more else []
        self.value_text = "\n".join((*lines, self.summary_label.text()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the focus ring."""
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour(Colour.ACCENT), FOCUS_RING_WIDTH))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 7, 7)


def _size_text(size_bytes: int, is_estimate: bool) -> str:
    size = format_size(size_bytes)
    return tr("about {size}", size=size) if is_estimate else size


def _summary_text(totals: ExportTotals, has_sizes: bool, free_bytes: int | None) -> str:
    if totals.problem is not None:
        return str(totals.problem)
    if not totals.file_count:
        return tr("No file yet: choose a stem that a song has and that the mix of the player does not mute.")
    files = tr_count("{count} file", "{count} files", totals.file_count)
    if totals.song_count > 1:
        files = tr_count("{files} of {count} song", "{files} of {count} songs", totals.song_count, files=files)
    if not has_sizes:
        return files
    text = tr("{files}, {size}", files=files, size=_size_text(totals.size_bytes, totals.is_estimate))
    if free_bytes is None:
        return text
    free = tr("{free:size} free", free=free_bytes)
    if totals.size_bytes > free_bytes:
        free = tr("only {free:size} free. Free up space there, or choose another folder.", free=free_bytes)
    return tr("{first} · {last}", first=text, last=free)
