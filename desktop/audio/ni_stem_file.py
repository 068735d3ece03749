"""Reading of stem files of Native Instruments: MP4 files with the mixture and the stems as tracks, and a manifest.

`desktop.export.ni_stem` writes them, and says how they are made.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.audio.mp4_boxes import find_box, read_movie_header, split_boxes

NI_STEM_SUFFIX = ".stem.mp4"
"""Suffix of the files, by which programs know them."""
MANIFEST_PATH = (b"udta", b"stem")
"""Path of the manifest's box in the movie header."""
ENABLED, IN_MOVIE = 1, 2
"""Flags of a track header (ISO/IEC 14496-12, 8.3.2)."""
GROUP_OFFSETS = {0: 34, 1: 46}
"""Offset of the alternate group in a track header, by the header's version."""


def is_ni_stem_file(path: Path) -> bool:
    """Return whether the name of `path` is that of a stem file. Does not open it."""
    return path.name.lower().endswith(NI_STEM_SUFFIX)


@dataclass(frozen=True)
class NiTrack:
    """Header of one track of a stem file."""

    is_enabled: bool
    """Whether ordinary players play the track."""
    is_in_movie: bool
    alternate_group: int
    """Number of the group of tracks of which one is played; 0 for none."""


@dataclass(frozen=True)
class NiStemFile:
    """What makes an MP4 file a stem file."""

    tracks: tuple[NiTrack, ...]
    """Headers of the mixture's track and of each stem's."""
    stems: tuple[tuple[str, str], ...]
    """Name and colour, such as "#009E73", of each stem."""
    manifest: dict[str, Any]
    """Manifest as the file holds it."""


def read_ni_stem_file(path: Path) -> NiStemFile:
    """Return headers and manifest of a stem file. Raises ValueError if it is none, OSError."""
    with path.open("rb") as file:
        header = read_movie_header(file)
    text = find_box(header.content, MANIFEST_PATH) if header else None
    if header is None or text is None:
        raise ValueError("not a stem file: it has no manifest")
    manifest = json.loads(text)
    track_headers = [
        find_box(box.content, (b"tkhd",)) or b"" for box in split_boxes(header.content) if box.kind == b"trak"
    ]
    stems = tuple((stem["name"], stem["color"]) for stem in manifest["stems"])
    return NiStemFile(tuple(map(_parse_track_header, track_headers)), stems, manifest)


def _parse_track_header(header: bytes) -> NiTrack:
    version_and_flags, group = struct.unpack_from(">I", header)[0], GROUP_OFFSETS[header[0]]
    (alternate_group,) = struct.unpack_from(">h", header, group)
    return NiTrack(bool(version_and_flags & ENABLED), bool(version_and_flags & IN_MOVIE), alternate_group)
