"""Tempo and key in the tags of exported files, without touching the audio: ID3 in MP3 and WAV, Vorbis comments in FLAC.

Written by hand because libsndfile knows neither tag, the bundled FFmpeg cannot write these formats, and the tag
libraries are under the GPL. Existing tags stay.

Sources: https://id3.org/id3v2.3.0 (TBPM, TKEY), RFC 9639 section 8.6, https://xiph.org/vorbis/doc/v-comment.html,
EBU Tech 3306 (RF64). Programs that read tags of WAV files read a chunk called "id3 ".
"""

import os
import shutil
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from desktop.analysis.harmony import Key
from desktop.atomic_file import atomic_file

_ID3_HEADER_BYTES = 10
_ID3_EXTENDED_HEADER = 0x40
_FLAC_VORBIS_COMMENT, _FLAC_LAST_BLOCK = 4, 0x80
_MAX_RIFF_BYTES = 0xFFFF_FFFF
# Frames of the size field's lowest 7 bits are the same in ID3v2.3 and v2.4.
_MAX_FRAME_BYTES = 127


def write_song_tags(path: Path, tempo_bpm: float | None, key: Key | None) -> None:
    """Add tempo and key to the tags of a WAV, FLAC or MP3 file, if they are known. Raises OSError.

    A file whose structure is unusual stays as it is.
    """
    if tempo_bpm is None and key is None:
        return
    match path.suffix:
        case ".wav":
            _append_to_wav(path, _id3_frames(tempo_bpm, key))
        case ".mp3":
            _insert_in_mp3(path, _id3_frames(tempo_bpm, key))
        case ".flac":
            _insert_in_flac(path, _vorbis_comments(tempo_bpm, key))
        case _:
            pass


def key_tag(key: Key) -> str:
    """Return a key as tags spell it: "F#m", "Bb"."""
    return f"{key.tonic_name}{'m' if key.is_minor else ''}"


def _id3_frames(tempo_bpm: float | None, key: Key | None) -> bytes:
    texts = [("TBPM", f"{tempo_bpm:.0f}")] if tempo_bpm is not None else []
    texts += [("TKEY", key_tag(key))] if key is not None else []
    return b"".join(_id3_frame(name, text) for name, text in texts)


def _id3_frame(name: str, text: str) -> bytes:
    content = b"\0" + text.encode("latin-1")  # 0: Latin-1
    assert len(content) <= _MAX_FRAME_BYTES
    return name.encode() + struct.pack(">IH", len(content), 0) + content


def _id3_tag(frames: bytes) -> bytes:
    return b"ID3\x03\0\0" + _synchsafe(len(frames)) + frames


def _synchsafe(number: int) -> bytes:
    """Return a number of 28 bits in four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _append_to_wav(path: Path, frames: bytes) -> None:
    tag = _id3_tag(frames)
    chunk = b"id3 " + struct.pack("<I", len(tag)) + tag + b"\0" * (len(tag) % 2)
    with path.open("r+b") as file:
        head = file.read(16)
        padding = b"\0" * (file.seek(0, 2) % 2)
        size = file.tell() + len(padding) + len(chunk) - 8
        if head[:4] == b"RIFF" and size <= _MAX_RIFF_BYTES:
            size_field = (4, struct.pack("<I", size))
        elif head[:4] == b"RF64" and head[12:] == b"ds64":
            size_field = (20, struct.pack("<Q", size))
        else:
            return
        file.write(padding + chunk)
        file.seek(size_field[0])
        file.write(size_field[1])
        file.flush()
        os.fsync(file.fileno())


def _insert_in_mp3(path: Path, frames: bytes) -> None:
    with path.open("rb") as source:
        header = source.read(_ID3_HEADER_BYTES)
        if header[:3] != b"ID3":
            source.seek(0)
            _rewrite(path, _id3_tag(frames), source)
        elif not header[5] & _ID3_EXTENDED_HEADER:
            size = sum((byte & 0x7F) << shift for byte, shift in zip(header[6:], (21, 14, 7, 0), strict=True))
            _rewrite(path, header[:6] + _synchsafe(size + len(frames)) + frames, source)


def _vorbis_comments(tempo_bpm: float | None, key: Key | None) -> list[bytes]:
    texts = [f"BPM={tempo_bpm:.2f}".rstrip("0").rstrip(".")] if tempo_bpm is not None else []
    texts += [f"INITIALKEY={key_tag(key)}"] if key is not None else []
    return [text.encode() for text in texts]


def _insert_in_flac(path: Path, comments: Sequence[bytes]) -> None:
    with path.open("rb") as source:
        if source.read(4) != b"fLaC":
            return
        blocks = _read_flac_blocks(source)
        if not any(kind == _FLAC_VORBIS_COMMENT for kind, _ in blocks):
            blocks.insert(1, (_FLAC_VORBIS_COMMENT, struct.pack("<II", 0, 0)))
        changed = [
            (kind, _add_comments(content, comments) if kind == _FLAC_VORBIS_COMMENT else content)
            for kind, content in blocks
        ]
        last = len(changed) - 1
        headers = [
            struct.pack(">I", (kind | (_FLAC_LAST_BLOCK if index == last else 0)) << 24 | len(content)) + content
            for index, (kind, content) in enumerate(changed)
        ]
        _rewrite(path, b"fLaC" + b"".join(headers), source)


def _read_flac_blocks(source: BinaryIO) -> list[tuple[int, bytes]]:
    """Return type and content of each metadata block; afterwards `source` is at the first audio frame."""
    blocks: list[tuple[int, bytes]] = []
    is_last = False
    while not is_last:
        (header,) = struct.unpack(">I", source.read(4))
        is_last = bool(header >> 24 & _FLAC_LAST_BLOCK)
        blocks.append((header >> 24 & ~_FLAC_LAST_BLOCK, source.read(header & 0xFFFFFF)))
    return blocks


def _add_comments(content: bytes, comments: Sequence[bytes]) -> bytes:
    """Return the content of a Vorbis comment block with more comments."""
    (vendor_length,) = struct.unpack_from("<I", content)
    count_at = 4 + vendor_length
    (count,) = struct.unpack_from("<I", content, count_at)
    added = b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    return content[:count_at] + struct.pack("<I", count + len(comments)) + content[count_at + 4 :] + added


def _rewrite(path: Path, beginning: bytes, rest: BinaryIO) -> None:
    """Replace a file by `beginning` and what follows in `rest`."""
    with atomic_file(path) as part, part.open("xb") as file:
        file.write(beginning)
        shutil.copyfileobj(rest, file)
