"""The environment of our processes: the variables that are ours and the system's, and those of no other program.

A shell, a container or an editor may have set variables for another Celery application, for a Django project or for
Python itself. The libraries that we use read them too. They must not steer this app, so each of our processes removes
them before it imports those libraries; its children inherit what is left.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

from desktop.errors import ConfigurationError
from desktop.paths import Home, find_home, portable_home

# Every variable with one of these beginnings, and every one of these names, steers Celery, kombu or billiard, or the
# Python bindings of Qt. `tests/unit/test_environment.py` searches the installed packages for others.
_FOREIGN_PREFIXES = ("CELERY_", "KOMBU_", "DJANGO_", "PYQTGRAPH_")
_FOREIGN_VARIABLES = frozenset((
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
_PYTHON_VARIABLES = frozenset((
    "PYTHONASYNCIODEBUG", "PYTHONBREAKPOINT", "PYTHONCASEOK", "PYTHONCOERCECLOCALE", "PYTHONDEBUG", "PYTHONDEVMODE",
    "PYTHONDUMPREFS", "PYTHONDUMPREFSFILE", "PYTHONINSPECT", "PYTHONINTMAXSTRDIGITS", "PYTHONMALLOC",
    "PYTHONMALLOCSTATS", "PYTHONNODEBUGRANGES", "PYTHONOPTIMIZE", "PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC",
    "PYTHONUTF8", "PYTHONVERBOSE", "PYTHONWARNDEFAULTENCODING", "PYTHONWARNINGS",
))  # fmt: skip
# The dynamic linker's path to libraries.
_LIBRARY_PATH = "LD_LIBRARY_PATH"
# The user's own, where there was one: PyInstaller keeps it there.
_ORIGINAL_LIBRARY_PATH = "LD_LIBRARY_PATH_ORIG"
# By these PyInstaller tells a child that it need not set the other: there must be both, or none.
_PYINSTALLER_PREFIX = "_PYI_"


def restore_library_path() -> None:
    """In the packaged app, start programs of the system as if the user had started them. To be called first of all.

    On Linux, what starts a packaged app points the dynamic linker at the app's own libraries, by a variable that every
    child inherits, also those that Qt starts by itself. With it a file manager, a browser or the desktop's notifier
    would load our libraries in place of its own, and might not start at all.

    This process loses nothing by it: the linker has read its path before the first line ran. A child that is this very
    program sets it anew, and Redis needs none of it.
    """
    if not getattr(sys, "frozen", False) or sys.platform != "linux":
        return
    original = os.environ.pop(_ORIGINAL_LIBRARY_PATH, None)
    for name in [name for name in os.environ if name == _LIBRARY_PATH or name.startswith(_PYINSTALLER_PREFIX)]:
        del os.environ[name]
    if original is not None:
        os.environ[_LIBRARY_PATH] = original


def restart_without_python_variables() -> None:
    """Start this process anew without the variables that steer Python, if there are any: it has obeyed them already.

    Not necessary where Python was told to ignore them (`python -I`), as the start script does, nor in the packaged app,
    which never reads them. On Windows there is no way to take the place of a process, so they stay.
    """
    reads_variables = not sys.flags.ignore_environment and not getattr(sys, "frozen", False)
    if os.name != "posix" or not reads_variables or not sys.executable or not _PYTHON_VARIABLES & os.environ.keys():
        return
    kept = {name: value for name, value in os.environ.items() if name not in _PYTHON_VARIABLES}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)


def remove_foreign_variables(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove the variables of other programs that the libraries of this process would obey."""
    for name in foreign_variables(environment):
        del environment[name]


def foreign_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the names in `environment` that belong to other programs and would steer our libraries."""
    return [name for name in environment if name in _FOREIGN_VARIABLES or name.startswith(_FOREIGN_PREFIXES)]


# Who else keeps things, and the variable that tells them where.
_CACHE_VARIABLES = {
    "XDG_CACHE_HOME": "",  # fontconfig, Mesa, torch
    "CUDA_CACHE_PATH": "cuda",
    "HF_HOME": "huggingface",
    "TORCH_HOME": "torch",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "TRITON_CACHE_DIR": "triton",
}
_TEMP_VARIABLES = ("TMPDIR", "TEMP", "TMP")


def is_portable() -> bool:
    """True when the library in use is the one beside the packaged app."""
    portable = portable_home()
    return portable is not None and portable.root == find_home().root


def redirect_caches() -> None:
    """In a portable app, have this process and its children keep caches and temporary files in the library too.

    To be called before anything is imported that looks at its variables.
    """
    with suppress(ConfigurationError):  # whoever opens the library says so
        if is_portable():
            _redirect_caches_to(find_home())


def _redirect_caches_to(library: Home) -> None:
    temp_dir = library.third_party_caches / "temporary"
    with suppress(OSError):  # whoever opens the library finds out, and says so
        temp_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update({name: str(library.third_party_caches / folder) for name, folder in _CACHE_VARIABLES.items()})
    os.environ.update(dict.fromkeys(_TEMP_VARIABLES, str(temp_dir)))
    tempfile.tempdir = None  # it may have been asked for already
    sys.dont_write_bytecode = True
