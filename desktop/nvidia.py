"""NVIDIA cards, without loading what computes on them: is there one, and can this app's PyTorch use it."""

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
HINT = "Unbraid’s GPU edition, a download of its own, can use the NVIDIA card of this computer."
CHECKOUT_HINT = "To use the NVIDIA card of this computer, start Unbraid once with UNBRAID_TORCH=cuda: 2.7 GB to download."


def edition() -> str:
    """What the packaged app calls itself besides its version: "GPU edition", or nothing."""
    return "GPU edition" if getattr(sys, "frozen", False) and usable() else ""


def hint() -> str:
    """Return how to use a card that this app's PyTorch cannot use, or nothing where there is none to use."""
    packaged = getattr(sys, "frozen", False)
    if not (packaged or _was_set_up()) or usable() or not driver():
        return ""
    return HINT if packaged else CHECKOUT_HINT


def _was_set_up() -> bool:
    """True in the environment of a checkout on Linux: packaging/setup_torch.py wrote down which PyTorch it has."""
    return sys.platform == "linux" and Path(sys.prefix, "unbraid", "torch").is_file()


def usable() -> bool:
    """True where PyTorch was built for NVIDIA cards."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    return any(Path(torch.origin).with_name("lib").glob("*torch_cuda*"))


@cache
def driver() -> bool:
    """True where a card's driver is installed."""
    name = _DRIVERS.get(sys.platform)
    if name is None:
        return False
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
