"""Lyrics panel: the lyrics of the shown job beside its lanes, as a list, in the editor, or what to do without any."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from desktop.jobs.model import Job
from desktop.lyrics.files import SUFFIXES
from desktop.lyrics.lines import LyricLine
from desktop.paths import Home
from desktop.text.message import tr
from desktop.ui.core.action import ActionId
from desktop.ui.core.actions import ACTIONS
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.lyrics_controls import LyricsControls
from desktop.ui.pages.player.lyrics_editor import LyricsEditor
from desktop.ui.pages.player.lyrics_list import LyricsList
from desktop.ui.theme.fonts import BODY_SIZE
from desktop.ui.theme.palette import Colour, theme
from desktop.ui.widgets.accessibility import accessible_role
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

WIDTH = 300
HEADER_HEIGHT = 44


class NoLyrics(QWidget):
    """Says that a song has no lyrics, and offers to write or open some."""

    write_requested = Signal()
    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sentence = TextLabel(tr("No lyrics were found in the file or beside it."), colour=Colour.DIM)
        sentence.setWordWrap(True)
        self.write_button, self.open_button = PushButton(tr("Paste or write them")), PushButton(tr("Open a file…"))
        self.write_button.clicked.connect(self.write_requested)
        self.open_button.clicked.connect(self.open_requested)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(16, 8, 16, 16)
        rows.setSpacing(10)
        rows.addWidget(sentence)
        rows.addSpacing(4)
        rows.addWidget(self.write_button, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addStretch(1)


@accessible_role(QAccessible.Role.Grouping)
class LyricsPanel(QWidget):
    """Shows the lyrics of a job on the Player page, if the user wants to see lyrics and the job has some."""

    shown_changed = Signal(bool)
    """Whether the panel is shown now."""
    wanted_changed = Signal(bool)
    """Whether the user wants to see the lyrics of songs that have some."""

    def __init__(self, controller: PlayerController, home: Home, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Lyrics"))
        self.setFixedWidth(WIDTH)
        self._controller = controller
        self.controls = LyricsControls(controller, home, self)
        self._is_available, self._is_wanted, self._is_editing = False, True, False
        self._opened_job_id = ""
        self.list, self.editor, self.no_lyrics = LyricsList(), LyricsEditor(), NoLyrics()
        action = ACTIONS[ActionId.SET_LYRICS_TIME]
        self.time_button = PushButton(tr("Set time"), "quiet", accessible_name=action.text)
        self.time_button.setToolTip(action.tooltip(tr("Give the selected line the time that is heard now")))
        self.edit_button = PushButton(tr("Edit"), "quiet", accessible_name=tr("Edit the lyrics"))
        self._changing_buttons = (
            self.time_button, self.edit_button, self.no_lyrics.write_button, self.no_lyrics.open_button,
            self.editor.done_button, self.editor.restore_button,
        )  # fmt: skip
        self._pages = QStackedLayout()
        self._searching = QWidget()
        self._build_layout()
        self._connect_signals()
        self.hide()

    def _build_layout(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(16, 6, 8, 6)
        header.setSpacing(4)
        header.addWidget(TextLabel(tr("Lyrics"), BODY_SIZE, 600), 1)
        header.addWidget(self.time_button)
        header.addWidget(self.edit_button)
        header_row = QWidget()
        header_row.setFixedHeight(HEADER_HEIGHT)
        header_row.setLayout(header)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(1, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(header_row)
        rows.addLayout(self._pages, 1)
        for page in (self._searching, self.list, self.editor, self.no_lyrics):
            self._pages.addWidget(page)
        header_row.lower()  # Tab and screen readers follow the order of the children

    def _connect_signals(self) -> None:
        self.controls.changed.connect(self._refresh)
        self._controller.loaded_changed.connect(self._refresh)
        self._controller.position_changed.connect(lambda: self._mark_sung_line(is_announced=True))
        self.list.line_chosen.connect(self._controller.seek_to_seconds)
        self.time_button.clicked.connect(self.set_time)
        self.edit_button.clicked.connect(self.start_editing)
        self.no_lyrics.write_requested.connect(self.start_editing)
        self.no_lyrics.open_requested.connect(self._choose_file)
        self.editor.done.connect(self.finish_editing)
        self.editor.cancelled.connect(self._close_editor)
        self.editor.restore_requested.connect(self._restore)

    @property
    def is_editing(self) -> bool:
        """Whether the lyrics are shown as text to be edited."""
        return self._is_editing

    def set_wanted(self, is_wanted: bool) -> None:
        """Set whether the user wants to see the lyrics of songs that have some."""
        self._is_wanted = is_wanted
        self._refresh()

    def set_available(self, is_available: bool) -> None:
        """Set whether there is room for the panel: on the Player page."""
        self._is_available = is_available
        self._refresh()

    def show_job(self, job: Job | None) -> None:
        """Show the lyrics of a job. A text that is being edited becomes the lyrics of the job before."""
        if job is None or self.controls.job is None or job.id != self.controls.job.id:
            self.finish_editing()
            self._opened_job_id = ""
        self.controls.show_job(job)
        self._refresh()

    def toggle(self) -> None:
        """Show or hide the lyrics; for a song without any, show where they can be written."""
        if not self._is_available or self.controls.job is None:
            return
        is_wanted = not self._is_shown
        self._opened_job_id = self.controls.job.id if is_wanted else ""
        self._is_wanted = is_wanted
        self.wanted_changed.emit(is_wanted)
        self._refresh()

    def set_time(self) -> None:
        """Give the selected line the time that is heard now, and select the next line."""
        row = self.list.selected_row
        if not self._is_shown or self._is_editing or not self.controls.can_change or not self.controls.lines:
            return
        row = row if row is not None else self._first_row_without_time()
        self.controls.set_time(row, self._controller.position_seconds)
        self.list.select_row(min(row + 1, len(self.list.lines) - 1))

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide the lyrics, if they are not already."""
        if is_shown != self._is_shown:
            self.toggle()

    def start_editing(self) -> None:
        """Show the lyrics as text to be edited."""
        if self.controls.can_change and not self._is_editing:
            self._is_editing = True
            self._refresh()
            self.editor.edit(self.controls.lines, self.controls.can_restore)

    def finish_editing(self) -> None:
        """Make the text the lyrics, if it was changed."""
        if self._is_editing:
            if self.editor.is_changed:
                self.controls.set_lines(self.editor.lines)
            self._close_editor()

    def close_controls(self) -> None:
        """Keep what is being edited, and look for no more lyrics, because the window closes."""
        self.finish_editing()
        self.controls.close()

    def _restore(self) -> None:
        self.controls.restore()
        self._close_editor()

    def _close_editor(self) -> None:
        had_focus = self.editor.isAncestorOf(self.focusWidget() or self)
        self._is_editing = False
        self._refresh()
        if had_focus and self.isVisible():
            (self.list if self.controls.lines else self.no_lyrics.write_button).setFocus(
                Qt.FocusReason.OtherFocusReason
            )

    def _choose_file(self) -> None:
        job, patterns = self.controls.job, " ".join(f"*{suffix} *{suffix.upper()}" for suffix in SUFFIXES)
        folder = str(job.source.parent) if job else ""
        name, _ = QFileDialog.getOpenFileName(
            self.window(),
            tr("Open lyrics"),
            folder,
            f"{tr('Lyrics')} ({patterns});;{tr('All files')} (*)",
            options=QFileDialog.Option.HideNameFilterDetails,
        )
        if name:
            self.controls.open_file(Path(name), self._controller.notice.emit)

    def _first_row_without_time(self) -> int:
        rows = (row for row, line in enumerate(self.controls.lines) if line.time_s is None)
        return next(rows, 0)

    @property
    def _is_shown(self) -> bool:
        job = self.controls.job
        is_opened = job is not None and job.id == self._opened_job_id
        return self._is_available and job is not None and self._is_wanted and (bool(self.controls.lines) or is_opened)

    def _refresh(self) -> None:
        """Show the page that is right now, or nothing."""
        if self._is_available and self._is_wanted:
            self.controls.load()
        lines = self.controls.lines
        if self._is_editing:
            page: QWidget = self.editor
        elif lines:
            page = self.list
        else:
            page = self.no_lyrics if self.controls.is_loaded else self._searching
        self._pages.setCurrentWidget(page)
        self._show_lines(lines)
        for button in (self.time_button, self.edit_button):
            button.setVisible(page is self.list)
        for button in self._changing_buttons:
            button.setEnabled(self.controls.can_change)
        if self.isHidden() == self._is_shown:
            self.setVisible(self._is_shown)
            self.shown_changed.emit(self._is_shown)
            self._mark_sung_line()

    def _show_lines(self, lines: tuple[LyricLine, ...]) -> None:
        if lines is not self.list.lines:
            self.list.show_lines(lines)
            self._mark_sung_line()

    def _mark_sung_line(self, is_announced: bool = False) -> None:
        if not self.isHidden():
            row = self.controls.timeline.index_at(self._controller.position_seconds)
            self.list.show_sung_line(row, is_announced and not self._controller.is_playing)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour(Colour.PANEL))
        painter.fillRect(0, 0, 1, self.height(), theme.colour(Colour.LINE))
