"""Decoding with FFmpeg (PyAV): every other format, and what can be saved of damaged files."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray

from desktop.audio.av_frames import is_silent, sample_format, samples
from desktop.audio.av_source import AvSource, open_container
from desktop.audio.track import TrackInfo
from desktop.audio.undecodable import UndecodableError

BLOCK = 65536
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpc,mpc8,mpegts,ogg,rm,shn,tak,truehd,tta,voc,w64,wav,wv,xwma"
)
# Their length is guessed from the bit rate.
_GUESSED_LENGTH = {"aac", "ac3", "eac3", "amr", "dts", "mpegts", "mp3"}
# Frames of silence that are looked through for a sample that tells how wide the samples are.
_MOST_SILENCE = 64


class AvReader:
    """A track opened by FFmpeg."""

    def __init__(self, path: Path) -> None:
        """Open `path` and decode its first frame. Raises UndecodableError, OSError."""
        self._source = AvSource(path)
        try:
            self._open(path)
        except (FFmpegError, UndecodableError, UnicodeError, ValueError) as error:
            self._source.close()
            if isinstance(error, UndecodableError):
                raise
            raise UndecodableError("is not an audio file, or it is damaged") from error

    def _open(self, path: Path) -> None:
        self._damaged = 0
        self._frames = 0
        self._container = open_container(self._source, _FORMATS)
        self._stream: Any = self._container.streams.best("audio")
        if self._stream is None:
            raise UndecodableError("has no audio track")
        if self._stream.codec_context is None:
            raise UndecodableError("uses an unknown codec")
        self._decoded = self._decode()
        begin = self._begin()
        if not begin:
            raise UndecodableError(
                "contains no audio" if not self._damaged else "is not an audio file, or it is damaged"
            )
        first = begin[0]
        self._decoded = chain(begin, self._decoded)
        self._declared = self._declared_seconds(path)
        self.info = TrackInfo(
            first.sample_rate,
            first.layout.nb_channels,
            round(self._declared * first.sample_rate) if self._declared else None,
            sample_format(self._stream.codec_context, begin),
            self._stream.codec_context.name,
        )

    def _begin(self) -> list[AudioFrame]:
        """The first frames, up to the first that is not silent."""
        begin: list[AudioFrame] = []
        for frame in self._decoded:
            begin.append(frame)
            if not is_silent(frame) or len(begin) == _MOST_SILENCE:
                break
        return begin

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know; complete after the last block."""
        said: list[str] = []
        tracks = len(self._container.streams.audio)
        if tracks > 1:
            said.append(f"The file has {tracks} audio tracks; the first was separated.")
        if self._damaged:
            said.append("Parts of the file are damaged and were left out.")
        exact = self._container.format.name not in _GUESSED_LENGTH or self._counted
        if exact and self._declared and self._frames / self.info.sample_rate < 0.98 * self._declared - 0.2:
            said.append("The file is incomplete; what is there was separated.")
        return tuple(said)

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """All that can be decoded, float64 `[channels, n <= 65536]`. Raises UndecodableError for noise."""
        waiting: list[NDArray[np.float64]] = []
        for piece in self._pieces():
            # Frames are short: gathered, they cost a third.
            if waiting and sum(held.shape[1] for held in waiting) + piece.shape[1] > BLOCK:
                yield np.concatenate(waiting, axis=1)
                waiting = []
            waiting.append(piece)
        if waiting:
            yield np.concatenate(waiting, axis=1)

    def _pieces(self) -> Iterator[NDArray[np.float64]]:
        good = 0
        for frame in self._decoded:
            if (frame.sample_rate, frame.layout.nb_channels) != (self.info.sample_rate, self.info.channels):
                self._damaged += 1
                continue
            good += 1
            sound = samples(frame)
            self._frames += sound.shape[1]
            for start in range(0, sound.shape[1], BLOCK):
                yield sound[:, start : start + BLOCK]
        if self._damaged > good:
            # Some decoders find frames in anything.
            raise UndecodableError("is not an audio file, or it is damaged")

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()
        self._source.close()

    def _decode(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except FFmpegError:
                self._damaged += 1
                continue
            yield from (frame for frame in frames if isinstance(frame, AudioFrame) and frame.samples)

    def _declared_seconds(self, path: Path) -> float | None:
        self._counted = self._container.format.name == "mp3" and _has_frame_count(path)
        # A damaged header may claim less than nothing.
        if self._stream.duration and self._stream.duration > 0:
            return float(self._stream.duration * Fraction(self._stream.time_base))
        length = self._container.duration
        return length / 1e6 if length and length > 0 else None


def _has_frame_count(path: Path) -> bool:
    """True when an MP3 says its number of frames (Xing or Info header), so that its length is no guess."""
    with path.open("rb") as file:
        start = file.read(10)
        if start[:3] == b"ID3":
            size = sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        else:
            file.seek(0)
        head = file.read(4096)
    return b"Xing" in head or b"Info" in head
