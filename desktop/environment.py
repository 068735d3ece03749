"""In the packaged app, programs of the system are started as if the user had started them.

On Linux, what starts a packaged app points the dynamic linker at the app's own libraries, by a variable that every child
inherits. With it a file manager, a browser or the desktop's notifier would load our libraries in place of its own, and
might not start at all.
"""

import os
import sys

_LINKER = "LD_LIBRARY_PATH"
# The user's own, where there was one: PyInstaller keeps it there.
_LINKER_BEFORE = "LD_LIBRARY_PATH_ORIG"
# By these PyInstaller tells a child that it need not set the other: there must be both, or none.
_NO_NEED = "_PYI_"


def give_back_environment() -> None:
    """Undo that for every child from now on, also for those that Qt starts by itself. To be called first of all.

    This process loses nothing by it: the linker has read its path before the first line ran. A child that is this very
    program sets it anew, and Redis needs none of it.
    """
    if not getattr(sys, "frozen", False) or sys.platform != "linux":
        return
    before = os.environ.pop(_LINKER_BEFORE, None)
    for name in [name for name in os.environ if name == _LINKER or name.startswith(_NO_NEED)]:
        del os.environ[name]
    if before is not None:
        os.environ[_LINKER] = before
