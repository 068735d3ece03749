"""What is said when no window of ours can be opened: in the terminal, and by whatever the system has to say it with."""

import subprocess
import sys
from contextlib import suppress
from shutil import which

_TITLE = "Unbraid"
_ERROR_SIGN = 0x10  # winuser.h: MB_ICONERROR


def in_terminal() -> bool:
    """True when the user reads what goes to standard error."""
    return sys.stderr.isatty()


def write_words(sentence: str) -> None:
    """Say a sentence on standard error, if anybody listens there."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"unbraid: {sentence}\n")
        sys.stderr.flush()


def say_last_words(sentence: str) -> None:
    """Say a sentence on standard error, and to whoever started us without a terminal, in a box of the system's."""
    write_words(sentence)
    if not in_terminal():
        _show(sentence)


def _show(sentence: str) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, sentence, _TITLE, _ERROR_SIGN)
        return
    command = _command(sentence)
    if command:
        with suppress(OSError):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _command(sentence: str) -> list[str] | None:
    """The program that shows it, the first that there is."""
    boxes = (
        ["osascript", "-e", "on run argv", "-e", "display alert item 1 of argv message item 2 of argv as critical",
         "-e", "end run", _TITLE, sentence],
        ["zenity", "--error", "--no-markup", f"--title={_TITLE}", "--width=480", f"--text={sentence}"],
        ["kdialog", "--title", _TITLE, "--error", sentence],
        ["xmessage", "-center", f"{_TITLE}\n\n{sentence}"],
        ["notify-send", "--urgency=critical", _TITLE, sentence],
    )  # fmt: skip
    return next((box for box in boxes if which(box[0])), None)
