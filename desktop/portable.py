"""Portable: the library lies beside the packaged app, and nothing is left behind on the computer it was carried to."""

import os
import sys
import tempfile
from contextlib import suppress

from desktop.errors import ConfigurationError
from desktop.paths import Home, home, portable_home

# Who else keeps things, and the variable that tells them where.
_CACHES = {
    "XDG_CACHE_HOME": "",  # fontconfig, Mesa, torch
    "CUDA_CACHE_PATH": "cuda",
    "HF_HOME": "huggingface",
    "TORCH_HOME": "torch",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
    "TRITON_CACHE_DIR": "triton",
}
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


def is_portable() -> bool:
    """True when the library in use is the one beside the packaged app."""
    beside = portable_home()
    return beside is not None and beside.root == home().root


def keep_together() -> None:
    """In a portable app, have this process and its children keep caches and temporary files in the library too.

    To be called before anything is imported that looks at its variables.
    """
    with suppress(ConfigurationError):  # whoever opens the library says so
        if is_portable():
            _keep_in(home())


def _keep_in(library: Home) -> None:
    temporary = library.caches / "temporary"
    with suppress(OSError):  # whoever opens the library finds out, and says so
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update({name: str(library.caches / folder) for name, folder in _CACHES.items()})
    os.environ.update(dict.fromkeys(_TEMPORARY, str(temporary)))
    tempfile.tempdir = None  # it may have been asked for already
    sys.dont_write_bytecode = True
