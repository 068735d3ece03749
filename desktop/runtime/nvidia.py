"""NVIDIA cards, without loading what computes on them: is there one, and can this app's PyTorch use it."""

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_DRIVER_LIBRARIES = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
GPU_EDITION_HINT = "Unbraid’s GPU edition, a download of its own, can use the NVIDIA card of this computer."
CHECKOUT_HINT = (
    "To use the NVIDIA card of this computer, start Unbraid once with UNBRAID_TORCH=cuda: 2.7 GB to download."
)


def edition_name() -> str:
    """What the packaged app calls itself besides its version: "GPU edition", or nothing."""
    return "GPU edition" if getattr(sys, "frozen", False) and torch_supports_cuda() else ""


def setup_hint() -> str:
    """Return how to use a card that this app's PyTorch cannot use, or nothing where there is none to use."""
    packaged = getattr(sys, "frozen", False)
    if not (packaged or _has_recorded_torch()) or torch_supports_cuda() or not has_driver():
        return ""
    return GPU_EDITION_HINT if packaged else CHECKOUT_HINT


def _has_recorded_torch() -> bool:
    """True in the environment of a checkout on Linux: packaging/setup_torch.py wrote down which PyTorch it has."""
    return sys.platform == "linux" and Path(sys.prefix, "unbraid", "torch").is_file()


def torch_supports_cuda() -> bool:
    """True where PyTorch was built for NVIDIA cards."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    return any(Path(torch.origin).with_name("lib").glob("*torch_cuda*"))


@cache
def has_driver() -> bool:
    """True where a card's driver is installed."""
    name = _DRIVER_LIBRARIES.get(sys.platform)
    if name is None:
        return False
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
