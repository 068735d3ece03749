"""Members of archives and executables in a build, and the positions of timestamps in file formats."""

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PYC_HEAD, _PYC_TIME = 16, slice(8, 12)
_GZIP_TIME = slice(4, 8)
_ZIP, _GZIP, _PE = b"PK\x03\x04", b"\x1f\x8b", b"MZ"
_NATIVE = (b"\x7fELF", _PE, b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def read_members(content: bytes) -> Mapping[str, bytes] | None:
    """Return the members of an archive, or of a PyInstaller executable, by name; None for other content."""
    if content.startswith(_ZIP):
        return _read_zip(content)
    if content.startswith(_GZIP):
        return _read_gzip(content)
    return _read_executable(content) if content.startswith(_NATIVE) else None


def zero_timestamps(name: str, content: bytes) -> bytes:
    """Return `content` with zeros in place of the timestamps of its format; `name` tells the format of .pyc files."""
    if name.endswith(".pyc") and content[4:8] == bytes(4) and len(content) >= _PYC_HEAD:
        return _zero_range(content, _PYC_TIME)
    if content.startswith(_GZIP):
        return _zero_range(content, _GZIP_TIME)
    if content.startswith(_ZIP):
        return _zero_zip_timestamps(content)
    if content.startswith(_PE) and len(content) > 64:
        (start,) = struct.unpack_from("<I", content, 60)
        # The checksum includes the time.
        return _zero_range(_zero_range(content, slice(start + 8, start + 12)), slice(start + 88, start + 92))
    return content


def _zero_range(content: bytes, span: slice) -> bytes:
    return content[: span.start] + bytes(len(content[span])) + content[span.stop :]


def _zero_zip_timestamps(content: bytes) -> bytes:
    """Zero the times in the header of each member and in the central directory at the end."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            heads, entry = [member.header_offset for member in archive.infolist()], archive.start_dir
    except zipfile.BadZipFile:
        return content
    for head in heads:
        content = _zero_range(content, slice(head + 10, head + 14))
    for _ in heads:
        content = _zero_range(content, slice(entry + 12, entry + 16))
        entry += 46 + sum(struct.unpack_from("<HHH", content, entry + 28))
    return content


def _read_zip(content: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error):
        return None


def _read_gzip(content: bytes) -> dict[str, bytes] | None:
    try:
        return {"content": gzip.decompress(content)}
    except (OSError, EOFError, zlib.error):
        return None


def _read_executable(content: bytes) -> dict[str, bytes] | None:
    """Return what PyInstaller packed into an executable, or None.

    None also if its archive is damaged, and without PyInstaller (scripts/lock/build.txt).
    """
    try:
        from PyInstaller.archive.readers import (  # pyright: ignore[reportMissingImports]
            ArchiveReadError,
            CArchiveReader,
        )
    except ImportError:
        return None
    with tempfile.TemporaryDirectory(prefix="unbraid-compare-") as folder:
        path = Path(folder) / "executable"
        path.write_bytes(content)
        try:
            return _read_archive(CArchiveReader(str(path)), content)
        except (ArchiveReadError, zlib.error):
            return None


def _read_archive(archive: Any, content: bytes) -> dict[str, bytes]:
    """Return the members of PyInstaller's archive in the executable `content`. Raises ArchiveReadError, zlib.error."""
    found = {"bootloader": content[: archive._start_offset]}  # there is no public attribute
    for name, entry in archive.toc.items():
        if entry[-1] == "z":
            modules = archive.open_embedded_archive(name)
            found |= {f"{name}/{module}": modules.extract(module, raw=True) or b"" for module in modules.toc}
        else:
            found[name] = archive.extract(name)
    return found
