"""Tags of WAV files: the chunk "id3 ", which players read, and LIST-INFO, which editors and Windows read.

Written by hand because FFmpeg writes no ID3 to WAV, libsndfile neither ID3 nor a cover, and the tag libraries are under
the GPL. Sources: https://id3.org/id3v2.3.0, EBU Tech 3306 (RF64).
"""

import os
import struct
from collections.abc import Mapping
from pathlib import Path

from desktop.export.cover import FRONT_COVER, Cover

_MAX_RIFF_BYTES = 0xFFFF_FFFF
_INFO_CHUNKS = {"TIT2": b"INAM", "TPE1": b"IART", "TALB": b"IPRD"}


def append_wav_tags(path: Path, texts: Mapping[str, str], cover: Cover | None) -> None:
    """Append ID3 frames and their INFO chunks to a WAV or RF64 file; other files stay as they are. Raises OSError.

    `texts` has the text of each ID3 frame by its name, such as "TIT2".
    """
    frames = b"".join(_text_frame(name, text) for name, text in texts.items())
    frames += _picture_frame(cover) if cover else b""
    info = b"".join(
        _chunk(_INFO_CHUNKS[name], text.encode() + b"\0") for name, text in texts.items() if name in _INFO_CHUNKS
    )
    chunks = (_chunk(b"LIST", b"INFO" + info) if info else b"") + _chunk(b"id3 ", _id3_tag(frames))
    with path.open("r+b") as file:
        head = file.read(16)
        padding = b"\0" * (file.seek(0, os.SEEK_END) % 2)
        size = file.tell() + len(padding) + len(chunks) - 8
        if head[:4] == b"RIFF" and size <= _MAX_RIFF_BYTES:
            size_field = (4, struct.pack("<I", size))
        elif head[:4] == b"RF64" and head[12:] == b"ds64":
            size_field = (20, struct.pack("<Q", size))
        else:
            return
        file.write(padding + chunks)
        file.seek(size_field[0])
        file.write(size_field[1])
        file.flush()
        os.fsync(file.fileno())


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _id3_tag(frames: bytes) -> bytes:
    size = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frames


def _frame(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(content), 0) + content


def _text_frame(name: str, text: str) -> bytes:
    # Encoding 0 is Latin-1, 1 is UTF-16 with a byte order mark.
    return _frame(name, b"\0" + text.encode() if text.isascii() else b"\x01\xff\xfe" + text.encode("utf-16-le"))


def _picture_frame(cover: Cover) -> bytes:
    return _frame("APIC", b"\0" + cover.mime_type.encode() + b"\0" + bytes([FRONT_COVER]) + b"\0" + cover.data)
