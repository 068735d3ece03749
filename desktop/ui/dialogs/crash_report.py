"""A report of a fault of the app's own, to be read, copied, and sent by nobody but the user."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from desktop.ui.dialogs.sheet import Sheet

_SENTENCE = (
    "This is all that is known, and it lies on this computer alone: Unbraid sends it nowhere. It helps to mend the fault: "
    "copy it, and give it to whoever you have Unbraid from."
)


class CrashReport(Sheet):
    """The text of one report."""

    def __init__(self, report: Path, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(heading, _SENTENCE, _words(report), parent)
        self.add_folder_button("Open folder", report.parent)


def _words(report: Path) -> str:
    try:
        return report.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"The report cannot be read: {error}"
