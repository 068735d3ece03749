"""The environment of our processes: the variables that are ours and the system's, and those of no other program.

A shell, a container or an editor may have set variables for another Celery application, for a Django project or for
Python itself. The libraries that we use read them too. They must not steer this app, so each of our processes removes
them before it imports those libraries; its children inherit what is left.
"""

import os
import sys
from collections.abc import Mapping, MutableMapping

# Every variable with one of these beginnings, and every one of these names, steers Celery, kombu or billiard, or the
# Python bindings of Qt. `tests/unit/test_environment.py` searches the installed packages for others.
_FOREIGN_PREFIXES = ("CELERY_", "KOMBU_", "DJANGO_", "PYQTGRAPH_")
_FOREIGN = frozenset((
    # celery.bin.celery: options of its command line
    "APP", "BROKER_URL", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND", "SKIP_CHECKS",
    # celery
    "AUTOSCALE_KEEPALIVE", "C_BENCH", "C_BENCH_EVERY", "C_FAKEFORK", "C_FORCE_ROOT", "C_IMPDEBUG", "C_REMDEBUG",
    "C_STRICT_APP", "C_WARN_APP", "C_WNOCONF", "EVENTLET_NOBLOCK", "FORKED_BY_MULTIPROCESSING", "GEVENT_NOBLOCK",
    "MP_LOG", "MP_MAIN_FILE", "NOSETPS", "TIMER_DEBUG", "USE_FAST_LOCALS", "celery_dummy_proxy",
    # kombu
    "DISABLE_TRACEBACKS", "PICKLE_PROTOCOL",
    # billiard
    "MULTIPROCESSING_FORKING_DISABLE", "REMAP_SIGTERM", "_MP_FORK_LOGFILE_", "_MP_FORK_LOGFORMAT_",
    "_MP_FORK_LOGLEVEL_",
    # QtPy, which QtAwesome stands on: the name of another binding than the one that we ship
    "FORCE_QT_API", "QT_API",
    # Qt: places where another Qt keeps its plugins, and orders to end the process at the first warning
    "QT_FATAL_CRITICALS", "QT_FATAL_WARNINGS", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH",
))  # fmt: skip
# https://docs.python.org/3/using/cmdline.html#environment-variables: those that change how our code runs. The others say
# where Python finds itself and its packages, or change nothing that a user sees.
_PYTHON = frozenset((
    "PYTHONASYNCIODEBUG", "PYTHONBREAKPOINT", "PYTHONCASEOK", "PYTHONCOERCECLOCALE", "PYTHONDEBUG", "PYTHONDEVMODE",
    "PYTHONDUMPREFS", "PYTHONDUMPREFSFILE", "PYTHONINSPECT", "PYTHONINTMAXSTRDIGITS", "PYTHONMALLOC",
    "PYTHONMALLOCSTATS", "PYTHONNODEBUGRANGES", "PYTHONOPTIMIZE", "PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC",
    "PYTHONUTF8", "PYTHONVERBOSE", "PYTHONWARNDEFAULTENCODING", "PYTHONWARNINGS",
))  # fmt: skip
# The dynamic linker's path to libraries.
_LINKER = "LD_LIBRARY_PATH"
# The user's own, where there was one: PyInstaller keeps it there.
_LINKER_BEFORE = "LD_LIBRARY_PATH_ORIG"
# By these PyInstaller tells a child that it need not set the other: there must be both, or none.
_NO_NEED = "_PYI_"


def give_back_environment() -> None:
    """In the packaged app, start programs of the system as if the user had started them. To be called first of all.

    On Linux, what starts a packaged app points the dynamic linker at the app's own libraries, by a variable that every
    child inherits, also those that Qt starts by itself. With it a file manager, a browser or the desktop's notifier
    would load our libraries in place of its own, and might not start at all.

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


def restart_without_python_variables() -> None:
    """Start this process anew without the variables that steer Python, if there are any: it has obeyed them already.

    Not necessary where Python was told to ignore them (`python -I`), as the start script does, nor in the packaged app,
    which never reads them. On Windows there is no way to take the place of a process, so they stay.
    """
    reads_them = not sys.flags.ignore_environment and not getattr(sys, "frozen", False)
    if os.name != "posix" or not reads_them or not sys.executable or not _PYTHON & os.environ.keys():
        return
    kept = {name: value for name, value in os.environ.items() if name not in _PYTHON}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)


def remove_foreign_variables(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove the variables of other programs that the libraries of this process would obey."""
    for name in foreign_variables(environment):
        del environment[name]


def foreign_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the names in `environment` that belong to other programs and would steer our libraries."""
    return [name for name in environment if name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES)]
