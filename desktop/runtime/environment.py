"""Environment variables of Unbraid's processes, without those that were set for other programs.

A shell, a container or an editor may have set variables for another Celery application, for a Django project or for
Python itself. The packages that Unbraid uses read them, too. They must not affect Unbraid, so each process removes them
before it imports those packages; its children inherit the rest.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from contextlib import suppress

from desktop.errors import ConfigurationError
from desktop.paths import Home, find_home, portable_home

# Variables with one of these prefixes or names affect Celery, kombu, billiard or the Python bindings of Qt.
# `tests/unit/runtime/test_environment.py` searches the installed packages for others.
_FOREIGN_PREFIXES = ("CELERY_", "KOMBU_", "DJANGO_", "PYQTGRAPH_")
_FOREIGN_VARIABLES = frozenset((
    # celery.bin.celery: command-line options
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
    # QtPy, which QtAwesome uses: the name of another Qt binding than PySide6
    "FORCE_QT_API", "QT_API",
    # Qt: plugin folders of another Qt, and options to abort the process at the first warning
    "QT_FATAL_CRITICALS", "QT_FATAL_WARNINGS", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH",
))  # fmt: skip
# https://docs.python.org/3/using/cmdline.html#environment-variables: variables that change how code runs. The others
# name the folders of Python and its packages, or change nothing that a user sees.
_PYTHON_VARIABLES = frozenset((
    "PYTHONASYNCIODEBUG", "PYTHONBREAKPOINT", "PYTHONCASEOK", "PYTHONCOERCECLOCALE", "PYTHONDEBUG", "PYTHONDEVMODE",
    "PYTHONDUMPREFS", "PYTHONDUMPREFSFILE", "PYTHONINSPECT", "PYTHONINTMAXSTRDIGITS", "PYTHONMALLOC",
    "PYTHONMALLOCSTATS", "PYTHONNODEBUGRANGES", "PYTHONOPTIMIZE", "PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC",
    "PYTHONUTF8", "PYTHONVERBOSE", "PYTHONWARNDEFAULTENCODING", "PYTHONWARNINGS",
))  # fmt: skip
# The search path of the dynamic linker.
_LIBRARY_PATH = "LD_LIBRARY_PATH"
# PyInstaller's copy of the user's value, if there was one.
_ORIGINAL_LIBRARY_PATH = "LD_LIBRARY_PATH_ORIG"
# With these PyInstaller tells a child that the library path is already set, so both must be present or absent.
_PYINSTALLER_PREFIX = "_PYI_"
# Variables that name the caches of other packages, and the cache folder inside `Home.third_party_caches`.
_CACHE_VARIABLES = {
    "XDG_CACHE_HOME": "",  # fontconfig, Mesa, torch
    "CUDA_CACHE_PATH": "cuda",
    "HF_HOME": "huggingface",
    "TORCH_HOME": "torch",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "TRITON_CACHE_DIR": "triton",
}
_TEMP_VARIABLES = ("TMPDIR", "TEMP", "TMP")


def restore_library_path() -> None:
    """Restore the user's library path in the packaged app, so that system programs start normally. Call it first.

    On Linux, PyInstaller's bootloader points the dynamic linker at the app's libraries by a variable that every child
    inherits, including those that Qt starts. With it a file manager, a browser or the desktop's notifier would load the
    app's libraries instead of the system's, and might not start at all.

    This process does not need the variable, because the linker read it before the first line ran. A child that is this
    program sets it again, and Redis does not need it.
    """
    if not getattr(sys, "frozen", False) or sys.platform != "linux":
        return
    original = os.environ.pop(_ORIGINAL_LIBRARY_PATH, None)
    for name in [name for name in os.environ if name == _LIBRARY_PATH or name.startswith(_PYINSTALLER_PREFIX)]:
        del os.environ[name]
    if original is not None:
        os.environ[_LIBRARY_PATH] = original


def restart_without_python_variables() -> None:
    """Restart this process without the variables that affect Python, if any are set: Python has already applied them.

    Not necessary if Python ignores them (`python -I`, as in the start script), nor in the packaged app, which never
    reads them. On Windows a process cannot be replaced, so the variables stay.
    """
    reads_variables = not sys.flags.ignore_environment and not getattr(sys, "frozen", False)
    if os.name != "posix" or not reads_variables or not sys.executable or not _PYTHON_VARIABLES & os.environ.keys():
        return
    kept = {name: value for name, value in os.environ.items() if name not in _PYTHON_VARIABLES}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)


def remove_foreign_variables(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove variables of other programs that would affect the packages of this process."""
    for name in foreign_variables(environment):
        del environment[name]


def foreign_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the names in `environment` that belong to other programs and would affect Unbraid's packages."""
    return [name for name in environment if name in _FOREIGN_VARIABLES or name.startswith(_FOREIGN_PREFIXES)]


def is_portable() -> bool:
    """Return True if the library in use is the portable one beside the packaged app."""
    portable = portable_home()
    return portable is not None and portable.root == find_home().root


def redirect_caches() -> None:
    """In a portable app, keep caches and temporary files of this process and its children in the library.

    Call it before importing packages that read these variables.
    """
    with suppress(ConfigurationError):  # reported when the library is opened
        if is_portable():
            _redirect_caches_to(find_home())


def _redirect_caches_to(library: Home) -> None:
    temp_dir = library.third_party_caches / "temporary"
    with suppress(OSError):  # reported when the library is opened
        temp_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update({name: str(library.third_party_caches / folder) for name, folder in _CACHE_VARIABLES.items()})
    os.environ.update(dict.fromkeys(_TEMP_VARIABLES, str(temp_dir)))
    tempfile.tempdir = None  # discard a value that is already cached
    sys.dont_write_bytecode = True
