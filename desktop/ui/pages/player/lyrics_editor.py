"""Editor of lyrics: plain text in the form of LRC files."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.lyrics.lines import LyricLine
from desktop.lyrics.lrc import MAX_LINE_CHARS, MAX_LINES, format_lrc, parse_lyrics
from desktop.text.message import tr
from desktop.ui.theme.fonts import SECONDARY_SIZE
from desktop.ui.theme.palette import Colour
from desktop.ui.widgets.button import PushButton
from desktop.ui.widgets.label import TextLabel

_MARGIN = 12


class LyricsEditor(QWidget):
    """Edits lyrics as text. Escape leaves a text that was not changed; a changed one waits for a button."""

    done = Signal()
    """The user wants the lyrics to be as in `lines`."""
    cancelled = Signal()
    restore_requested = Signal()
    """The user wants the lyrics of the file again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text_edit = QPlainTextEdit()
        self.text_edit.setAccessibleName(tr("Lyrics as text"))
        self.text_edit.setTabChangesFocus(True)
        self.text_edit.installEventFilter(self)
        hint = TextLabel(
            tr("One line each. A time before the words, like [01:23.45], lets a line follow the song."),
            SECONDARY_SIZE,
            colour=Colour.DIM,
        )
        hint.setWordWrap(True)
        self._error = TextLabel("", SECONDARY_SIZE, colour=Colour.BAD)
        self._error.setWordWrap(True)
        self.restore_button = PushButton(tr("Use the file’s lyrics"), "quiet")
        self.cancel_button, self.done_button = PushButton(tr("Cancel")), PushButton(tr("Done"), "primary")
        self.restore_button.clicked.connect(self.restore_requested)
        self.cancel_button.clicked.connect(self.cancelled)
        self.done_button.clicked.connect(self._finish)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.done_button)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(_MARGIN, 0, _MARGIN, _MARGIN)
        rows.setSpacing(8)
        rows.addWidget(hint)
        rows.addWidget(self.text_edit, 1)
        rows.addWidget(self._error)
        rows.addWidget(self.restore_button, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addLayout(buttons)
        self._error.hide()

    @property
    def is_changed(self) -> bool:
        """Whether the user has changed the text."""
        return self.text_edit.document().isModified()

    @property
    def lines(self) -> tuple[LyricLine, ...]:
        """Lines of the text; what is no time stays part of the words."""
        return parse_lyrics(self.text_edit.toPlainText(), keeps_blank_lines=True)

    def edit(self, lines: Sequence[LyricLine], can_restore: bool) -> None:
        """Edit these lines; `can_restore` offers those of the file."""
        self.text_edit.setPlainText(format_lrc(lines))
        self.restore_button.setVisible(can_restore)
        self._error.hide()
        self.text_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _finish(self) -> None:
        """Accept the text, unless part of it would be left out."""
        text_lines = self.text_edit.toPlainText().splitlines()
        if len(text_lines) > MAX_LINES or any(len(line) > MAX_LINE_CHARS for line in text_lines):
            self._error.setText(
                tr(
                    "The text has too many lines, or too long ones: {lines} lines of {characters} characters are possible.",
                    lines=MAX_LINES,
                    characters=MAX_LINE_CHARS,
                )
            )
            self._error.show()
        else:
            self.done.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep Escape from the window, which would leave the page."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress and not self.is_changed:
                self.cancelled.emit()
                return True
        return super().eventFilter(watched, event)
