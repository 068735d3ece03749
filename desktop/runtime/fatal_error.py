"""Error messages without Qt: on standard error, or in a message box of the system."""

import subprocess
import sys
from contextlib import suppress
from shutil import which

_TITLE = "Unbraid"
_MB_ICONERROR = 0x10  # winuser.h: MB_ICONERROR


def is_stderr_terminal() -> bool:
    """Return True if standard error is a terminal, so that the user can read it."""
    return sys.stderr.isatty()


def print_error(message: str) -> None:
    """Write a message to standard error, if it can be written."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"unbraid: {message}\n")
        sys.stderr.flush()


def show_fatal_error(message: str) -> None:
    """Write a message to standard error and, without a terminal, show it in a message box of the system."""
    print_error(message)
    if not is_stderr_terminal():
        _show_message_box(message)


def _show_message_box(message: str) -> None:
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, message, _TITLE, _MB_ICONERROR)
        return
    command = _message_box_command(message)
    if command:
        with suppress(OSError):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _message_box_command(message: str) -> list[str] | None:
    """Return the command of the first installed program that can show a message box, or None."""
    commands = (
        ["osascript", "-e", "on run argv", "-e", "display alert item 1 of argv message item 2 of argv as critical",
         "-e", "end run", _TITLE, message],
        ["zenity", "--error", "--no-markup", f"--title={_TITLE}", "--width=480", f"--text={message}"],
        ["kdialog", "--title", _TITLE, "--error", message],
        ["xmessage", "-center", f"{_TITLE}\n\n{message}"],
        ["notify-send", "--urgency=critical", _TITLE, message],
    )  # fmt: skip
    return next((command for command in commands if which(command[0])), None)
