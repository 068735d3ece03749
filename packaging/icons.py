"""The app's icon in the forms of Windows and macOS: containers that take the PNG files of resources/icons as they are."""

import struct
from pathlib import Path

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
_WINDOWS_SIZES = (16, 24, 32, 48, 64, 128, 256)
# Apple's names for PNG pictures of these sides, in pixels; some stand for half the side on a display of double density.
_APPLE_NAMES = (
    (32, b"ic11"),
    (64, b"ic12"),
    (128, b"ic07"),
    (256, b"ic13"),
    (256, b"ic08"),
    (512, b"ic14"),
    (512, b"ic09"),
)


def write_ico(path: Path) -> Path:
    """Write the icon for Windows. Raises OSError."""
    pictures = [(size, _read_png(size)) for size in _WINDOWS_SIZES]
    head, place = struct.pack("<HHH", 0, 1, len(pictures)), 6 + 16 * len(pictures)
    for size, data in pictures:
        # A byte for each side: 256 is written as 0.
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), place)
        place += len(data)
    return _write(path, head + b"".join(data for _, data in pictures))


def write_icns(path: Path) -> Path:
    """Write the icon for macOS. Raises OSError."""
    pictures = [(name, _read_png(size)) for size, name in _APPLE_NAMES]
    body = b"".join(name + struct.pack(">I", 8 + len(data)) + data for name, data in pictures)
    return _write(path, b"icns" + struct.pack(">I", 8 + len(body)) + body)


def _read_png(size: int) -> bytes:
    return (ICONS / f"unbraid-{size}.png").read_bytes()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
