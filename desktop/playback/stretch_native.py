"""Signalsmith Stretch, compiled by set-up or by the packaging: changes speed and pitch block by block."""

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_LIBRARY = {"win32": "unbraid-stretch.dll", "darwin": "libunbraid-stretch.dylib"}.get(
    sys.platform, "libunbraid-stretch.so"
)
# Signalsmith's default preset: windows of 120 ms, every 30 ms.
_WINDOW_S, _INTERVAL_S = 0.12, 0.03


def is_native_available() -> bool:
    """Return True if the library was compiled and can be loaded."""
    return _load_library() is not None


class NativeStretcher:
    """Streaming stretcher of several channels in groups, each with its own pitch."""

    block_frames = 1024

    def __init__(self, groups: Sequence[Sequence[int]], sample_rate: int) -> None:
        """Allocate a stretcher for each of `groups`, which contain the indices of their channels."""
        library = _load_library()
        if library is None:
            raise RuntimeError("The stretcher was not compiled: call is_native_available first.")
        self._library = library
        window, interval = int(_WINDOW_S * sample_rate), int(_INTERVAL_S * sample_rate)
        self.input_latency = window // 2
        self.output_latency = window - window // 2
        self.run_in_blocks = -(-window // self.block_frames) + 1
        self._groups = [np.array(group) for group in groups]
        self._handles = [library.stretch_create(len(group), window, interval) for group in groups]

    def set_cents(self, cents: Sequence[float]) -> None:
        """Transpose each group by its number of `cents`."""
        for handle, value in zip(self._handles, cents, strict=True):
            self._library.stretch_transpose(handle, value / 100)

    def process(self, sound: NDArray[np.float32], frames_out: int) -> NDArray[np.float32]:
        """Add `sound`, float32 `[channels, frames]`, and return float32 `[channels, frames_out]`."""
        out = np.empty((len(sound), frames_out), np.float32)
        for handle, channels in zip(self._handles, self._groups, strict=True):
            # ctypes releases the GIL during the call.
            group_in = np.ascontiguousarray(sound[channels], np.float32)
            group_out = np.empty((len(channels), frames_out), np.float32)
            self._library.stretch_process(
                handle, len(channels), group_in.ctypes.data, sound.shape[1], group_out.ctypes.data, frames_out
            )
            out[channels] = group_out
        return out

    def close(self) -> None:
        """Free the stretchers."""
        handles, self._handles = self._handles, []
        for handle in handles:
            self._library.stretch_destroy(handle)

    def __del__(self) -> None:
        """Free the stretchers that were not closed."""
        if hasattr(self, "_handles"):
            self.close()


@cache
def _load_library() -> ctypes.CDLL | None:
    # Set-up puts it into its folder of the environment, and PyInstaller beside the other libraries.
    bundle = getattr(sys, "_MEIPASS", None)
    path = Path(bundle) / _LIBRARY if bundle else Path(sys.prefix) / "unbraid" / _LIBRARY
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    library.stretch_create.argtypes, library.stretch_create.restype = [integer, integer, integer], pointer
    library.stretch_destroy.argtypes, library.stretch_destroy.restype = [pointer], None
    library.stretch_transpose.argtypes, library.stretch_transpose.restype = [pointer, ctypes.c_float], None
    library.stretch_process.argtypes = [pointer, integer, pointer, integer, pointer, integer]
    library.stretch_process.restype = None
    return library
