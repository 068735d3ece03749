"""The app's icon in the formats of Windows and macOS, containers for the PNG files in resources/icons."""

import struct
from pathlib import Path

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
_WINDOWS_SIZES = (16, 24, 32, 48, 64, 128, 256)
# Apple's types of PNG pictures by side in pixels; some are used at half the size on displays with double density.
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
    """Write the icon for Windows (.ico) to `path` and return it. Raises OSError."""
    pictures = [(size, _read_png(size)) for size in _WINDOWS_SIZES]
    header, offset = struct.pack("<HHH", 0, 1, len(pictures)), 6 + 16 * len(pictures)
    for size, data in pictures:
        # A byte for each side: 256 is written as 0.
        header += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    return _write(path, header + b"".join(data for _, data in pictures))


def write_icns(path: Path) -> Path:
    """Write the icon for macOS (.icns) to `path` and return it. Raises OSError."""
    pictures = [(name, _read_png(size)) for size, name in _APPLE_NAMES]
    body = b"".join(name + struct.pack(">I", 8 + len(data)) + data for name, data in pictures)
    return _write(path, b"icns" + struct.pack(">I", 8 + len(body)) + body)


def _read_png(size: int) -> bytes:
    return (ICONS / f"unbraid-{size}.png").read_bytes()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
