"""Opening the library's folder for a process, or saying why that cannot be done."""

import errno
import tempfile

from desktop.crashes.watch import watching
from desktop.disk_trouble import reason_of
from desktop.errors import StorageError
from desktop.log import start_log
from desktop.paths import Home, home
from desktop.settings import check_environment

# What is full can still be looked at and listened to.
_FULL = (errno.ENOSPC, errno.EDQUOT)


def open_home(process: str) -> Home:
    """Return the library's folder, made if it is missing; log what `process` does in it from now on, and keep its crashes.

    `process` is "window" or "terminal". Raises StorageError, ConfigurationError.
    """
    library = usable_home()
    start_log(library, process)
    watching.begin(library, process)
    return library


def usable_home() -> Home:
    """Return the library's folder, made if it is missing.

    Raises StorageError when it cannot be made, reached or written, and ConfigurationError when one of our variables
    cannot be used.
    """
    check_environment()
    library = home()
    try:
        library.prepare()
        with tempfile.TemporaryFile(dir=library.root):
            pass
    except OSError as error:
        if error.errno not in _FULL:
            raise StorageError(_sentence(library, error)) from error
    return library


def _sentence(library: Home, error: OSError) -> str:
    why = reason_of(error)
    if library.root.is_file():
        return f"The library's folder {library.root} is a file. Set UNBRAID_HOME to the path of a folder."
    if library.root.is_dir():
        what, mend = "written", "Make it writable"
    else:
        what, mend = "reached", "Connect the disk that it is on"
    return (
        f"The library's folder {library.root} cannot be {what}: {why}. {mend}, or use another folder "
        "(the variable UNBRAID_HOME names it)."
    )
