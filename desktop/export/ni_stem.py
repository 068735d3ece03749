"""Stem files of Native Instruments: an MP4 file with the mixture and four stems, for Traktor, Mixxx, djay and others.

The mixture is the first track and the only one that ordinary players play. The box `stem` holds a manifest in JSON with
names and colours of the stems, and the settings of the effects that Traktor applies to their sum; they are off.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mp4_boxes import Box, edit_box, edit_movie_header, split_boxes
from desktop.audio.ni_stem_file import ENABLED, GROUP_OFFSETS, IN_MOVIE, MANIFEST_PATH
from desktop.audio.stems import STEM_COMMENT, stem_title
from desktop.audio_formats import AAC, AudioFormat
from desktop.export.encoder import DEFAULT_DEPTH, EncodedFile
from desktop.export.mp4_writer import Mp4Writer
from desktop.export.ni_stem_tracks import NI_STEM_NAMES, ni_stem_name
from desktop.export.quantizer import Quantizer, stream_seed
from desktop.export.song_tags import SongTags, write_song_tags
from desktop.export.stem_colours import stem_colour

_EFFECTS = {
    "compressor": {
        "enabled": False,
        "ratio": 3,
        "attack": 0.003,
        "release": 0.3,
        "threshold": 0,
        "hp_cutoff": 300,
        "input_gain": 0.5,
        "output_gain": 0.5,
        "dry_wet": 50,
    },
    "limiter": {"enabled": False, "threshold": 0, "ceiling": -0.35, "release": 0.05},
}
_ALTERNATE_GROUP = 1
_NO_TAGS = SongTags()


class NiStemWriter(EncodedFile):
    """Writer of a stem file, in constant memory. Nothing is at its path until it is complete.

    A context manager: closes the file, or deletes it if the block raises. Stems that the format does not have are added
    to one that it has (`ni_stem_name`): guitar and piano to "other"; missing ones are silent. Samples above full scale are those of `Encoder`: AAC
    holds them, ALAC cuts them off and counts them if the file may clip, else AboveFullScaleError is raised.
    """

    def __init__(
        self,
        path: Path,
        stem_names: Sequence[str],
        sample_rate: int,
        channels: int,
        *,
        audio_format: AudioFormat = AAC,
        depth: str = DEFAULT_DEPTH,
        tags: SongTags = _NO_TAGS,
        may_clip: bool = False,
    ) -> None:
        """Open a temporary file for the stems `stem_names` at `sample_rate` Hz, 1 or 2 channels.

        `audio_format` is `AAC`, or `ALAC`, which Traktor does not play on Windows; `depth` is that of ALAC. Raises
        StorageError if the file cannot be written, ValueError if the format does not hold the sample rate, or if a stem
        is unknown.
        """
        if not audio_format.holds_rate(sample_rate):
            raise ValueError(f"{audio_format.title} does not hold {sample_rate} Hz")
        # The track of each stem.
        self._tracks = [_track_of(name) for name in stem_names]
        track_count = 1 + len(NI_STEM_NAMES)
        self._quantizers: list[Quantizer] = []
        if audio_format.is_lossless:
            seeds = [stream_seed(f"{path.name}/{track}") for track in range(track_count)]
            self._quantizers = [Quantizer(int(depth), seed, may_clip) for seed in seeds]

        def finish(part: Path) -> None:
            write_song_tags(part, audio_format, tags)
            _add_manifest(part)

        self._writer = Mp4Writer(
            path,
            audio_format,
            sample_rate,
            channels,
            depth,
            track_count=track_count,
            comment=STEM_COMMENT,
            finish=finish,
        )

    @property
    def clipped_samples(self) -> int:
        """Number of samples above full scale that were cut off, over all tracks."""
        return sum(quantizer.clipped_samples for quantizer in self._quantizers)

    def write(self, mixture: NDArray[np.floating], stems: Iterable[NDArray[np.floating]]) -> None:
        """Append a block of the mixture, float `[frames, channels]`, and of each stem, of the same shape.

        Raises StorageError if the file cannot be written; AboveFullScaleError, see the class.
        """
        folded = [np.zeros(mixture.shape) for _ in NI_STEM_NAMES]
        for track, stem in zip(self._tracks, stems, strict=True):
            folded[track] += stem
        tracks = [mixture, *folded]
        if self._quantizers:
            tracks = [quantizer.quantize(track) for quantizer, track in zip(self._quantizers, tracks, strict=True)]
        self._writer.write(*(track.T for track in tracks))

    def close(self) -> None:
        """Finish the file and move it to its path.

        Raises StorageError if it cannot be written or if a file exists at the path; never overwrites.
        """
        self._writer.close()

    def abort(self) -> None:
        """Delete the incomplete file; do nothing after `close`."""
        self._writer.abort()


def _track_of(stem_name: str) -> int:
    """Return the number of a stem's track. Raises ValueError if the stem is unknown."""
    name = ni_stem_name(stem_name)
    if name is None:
        raise ValueError(f"{stem_name} has no place in a stem file")
    return NI_STEM_NAMES.index(name)


def _add_manifest(path: Path) -> None:
    """Add the manifest to an MP4 file, and mark the first track as the one to play. Raises OSError."""
    stems = [{"name": stem_title(name), "color": stem_colour(name)} for name in NI_STEM_NAMES]
    manifest = json.dumps({"mastering_dsp": _EFFECTS, "version": 1, "stems": stems}).encode()

    def edit(header: bytes) -> bytes:
        return edit_box(_mark_tracks(header), MANIFEST_PATH, lambda _: manifest)

    with path.open("rb+") as file:
        edit_movie_header(file, edit)


def _mark_tracks(header: bytes) -> bytes:
    """Return a movie header in which only the first track is enabled, and all are alternatives to each other."""
    boxes = split_boxes(header)
    track_places = [place for place, box in enumerate(boxes) if box.kind == b"trak"]
    for number, place in enumerate(track_places):
        flags = IN_MOVIE | (ENABLED if number == 0 else 0)
        content = edit_box(boxes[place].content, (b"tkhd",), lambda header, flags=flags: _mark_track(header, flags))
        boxes[place] = Box(b"trak", content)
    return b"".join(box.to_bytes() for box in boxes)


def _mark_track(header: bytes, flags: int) -> bytes:
    marked = bytearray(header)
    marked[1:4] = flags.to_bytes(3)
    struct.pack_into(">h", marked, GROUP_OFFSETS[header[0]], _ALTERNATE_GROUP)
    return bytes(marked)
