"""Detection of NVIDIA cards, and of a PyTorch that can use them, without importing PyTorch."""

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from desktop.text.message import Message

_DRIVER_LIBRARIES = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
_GPU_EDITION = Message("GPU edition")
GPU_EDITION_HINT = Message("Unbraid’s GPU edition, a separate download, can use the NVIDIA card in this computer.")
CHECKOUT_HINT = Message(
    "To use the NVIDIA card in this computer, start Unbraid once with UNBRAID_TORCH=cuda (downloads 2.7 GB)."
)


def edition_name() -> Message | None:
    """Return the name of the edition of the packaged app: "GPU edition" or None."""
    return _GPU_EDITION if getattr(sys, "frozen", False) and torch_supports_cuda() else None


def setup_hint() -> Message | None:
    """Return how to get a PyTorch that can use the NVIDIA card, or None if there is nothing to set up."""
    packaged = getattr(sys, "frozen", False)
    if not (packaged or _has_recorded_torch()) or torch_supports_cuda() or not has_driver():
        return None
    return GPU_EDITION_HINT if packaged else CHECKOUT_HINT


def _has_recorded_torch() -> bool:
    """Return True in a checkout's environment on Linux: scripts/setup_torch.py records the PyTorch build there."""
    return sys.platform == "linux" and Path(sys.prefix, "unbraid", "torch").is_file()


def torch_supports_cuda() -> bool:
    """Return True if the installed PyTorch was built with CUDA."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return False
    return any(Path(torch.origin).with_name("lib").glob("*torch_cuda*"))


@cache
def has_driver() -> bool:
    """Return True if an NVIDIA driver is installed."""
    name = _DRIVER_LIBRARIES.get(sys.platform)
    if name is None:
        return False
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
