"""Decoding with FFmpeg (PyAV): every other format, every layout, and what can be saved of damaged files."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray

from desktop.audio.av_frames import (
    frame_format,
    frame_layout,
    is_silent,
    sample_format,
    samples,
    without_short_runs,
)
from desktop.audio.av_source import AvSource, open_container
from desktop.audio.downmix import Layout, is_in_native_order, known_layout, masked_layout
from desktop.audio.links import WHOLE, Span
from desktop.audio.not_songs import PROTECTED
from desktop.audio.riff import is_cut_short
from desktop.audio.track import Part, TrackInfo
from desktop.audio.undecodable import INCOMPLETE, LEFT_OUT, UndecodableError

BLOCK = 65536
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpc,mpc8,mpeg,mpegts,ogg,rm,shn,tak,truehd,tta,voc,w64,wav,wv,xwma"
)
# Their length is guessed from the bit rate.
_GUESSED_LENGTH = {"aac", "ac3", "eac3", "amr", "dts", "mpeg", "mpegts", "mp3"}
# The names that MP4 files give to protected sound: Apple's FairPlay, Common Encryption (ISO/IEC 23001-7), Audible.
_PROTECTED_TAGS = {"drms", "enca", "aavd"}
# The header objects of Windows Media that announce protection: Content Encryption, and its extended form (ASF, 3.14 f.).
_PROTECTED_ASF = tuple(
    uuid.UUID(name).bytes_le
    for name in ("2211B3FB-BD23-11D2-B4B7-00A0C955FC6E", "298AE614-2622-4C17-B935-DAE07EE9289C")
)
_ASF_HEADER = 1 << 16
# The tag by which FLAC names its layout where it is not the usual one. FFmpeg minds it outside of Ogg alone.
_MASK_TAG = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"
# Frames of silence that are looked through for a sample that tells how wide the samples are.
_MOST_SILENCE = 64


class AvReader:
    """A track opened by FFmpeg."""

    def __init__(self, path: Path, span: Span = WHOLE) -> None:
        """Open a file, or one link of it, and decode its first frame. Raises UndecodableError, OSError."""
        self._path, self._span = path, span
        self._open()

    def _open(self) -> None:
        self._source = AvSource(self._path, self._span)
        try:
            self._begin()
        except (FFmpegError, UndecodableError, UnicodeError, ValueError) as error:
            self._source.close()
            if isinstance(error, UndecodableError):
                raise
            raise UndecodableError("is not an audio file, or it is damaged") from error

    def _begin(self) -> None:
        self._read, self._good, self._damaged, self._seconds = False, 0, 0, 0.0
        self._container = open_container(self._source, _FORMATS)
        self._stream: Any = self._container.streams.best("audio")
        if self._stream is None:
            raise UndecodableError("has no audio track")
        if self._stream.codec_context is None:
            raise UndecodableError("uses an unknown codec")
        if self._is_protected():
            raise UndecodableError(PROTECTED)
        self._layout = _take_layout(self._stream)
        frames = without_short_runs(self._decode(), self._leave_out)
        parts = (self._part(run) for _, run in groupby(frames, frame_format))
        first = next(parts, None)
        if first is None:
            raise UndecodableError(
                "contains no audio" if not self._damaged else "is not an audio file, or it is damaged"
            )
        self._parts = chain([first], parts)
        self._declared = self._declared_seconds()
        frames_told = round(self._declared * first.info.sample_rate) if self._declared else None
        self.info = replace(first.info, frames=frames_told)

    def parts(self) -> Iterator[Part]:
        """Yield all that can be decoded. Raises UndecodableError for noise."""
        if self._read:
            self.close()
            self._open()
        self._read = True
        yield from self._parts
        if self._damaged > self._good:
            # Some decoders find frames in anything.
            raise UndecodableError("is not an audio file, or it is damaged")

    def _part(self, frames: Iterator[AudioFrame]) -> Part:
        begin = _up_to_sound(frames)
        layout = frame_layout(begin[0])
        info = TrackInfo(
            begin[0].sample_rate,
            known_layout(self._layout if set(layout) == {"NONE"} and len(layout) == len(self._layout) else layout),
            None,
            sample_format(self._stream.codec_context, begin),
            self._stream.codec_context.name,
        )
        return Part(info, _in_blocks(self._samples(chain(begin, frames))))

    def _samples(self, frames: Iterable[AudioFrame]) -> Iterator[NDArray[np.float64]]:
        for frame in frames:
            self._good += 1
            self._seconds += frame.samples / frame.sample_rate
            sound = samples(frame)
            for start in range(0, sound.shape[1], BLOCK):
                yield sound[:, start : start + BLOCK]

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know; complete after the last block."""
        said: list[str] = []
        tracks = self._container.streams.audio
        if len(tracks) > 1:
            number = 1 + [track.index for track in tracks].index(self._stream.index)
            said.append(f"The file has {len(tracks)} audio tracks; track {number} was separated.")
        if self._damaged:
            said.append(LEFT_OUT)
        exact = self._container.format.name not in _GUESSED_LENGTH or self._counted
        short = exact and self._declared and self._seconds < 0.98 * self._declared - 0.2
        if short or is_cut_short(self._path):
            said.append(INCOMPLETE)
        return tuple(said)

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._source.close()

    def _is_protected(self) -> bool:
        # Matroska's demuxer puts the key's name among the tags.
        if self._stream.codec_context.codec_tag in _PROTECTED_TAGS or "enc_key_id" in self._stream.metadata:
            return True
        if self._container.format.name != "asf":
            return False
        with AvSource(self._path) as file:
            header = file.read(_ASF_HEADER)
        return any(name in header for name in _PROTECTED_ASF)

    def _leave_out(self, frames: int) -> None:
        self._damaged += frames

    def _decode(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.has_sidedata("encryption_info"):
                    raise UndecodableError(PROTECTED)
                frames = packet.decode()
            except FFmpegError:
                self._damaged += 1
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples and frame.sample_rate > 0:
                    yield frame

    def _declared_seconds(self) -> float | None:
        self._counted = self._container.format.name == "mp3" and _has_frame_count(self._path, self._span)
        # A damaged header may claim less than nothing.
        if self._stream.duration and self._stream.duration > 0:
            return float(self._stream.duration * Fraction(self._stream.time_base))
        length = self._container.duration
        return length / 1e6 if length and length > 0 else None


def _take_layout(stream: Any) -> Layout:
    """Return the layout that the container declares, and let the decoder know it when it is in FFmpeg's own order.

    Else leave it the number of channels alone: PyAV frees a layout of another order with each frame, and FFmpeg once more.
    """
    declared = stream.codec_context.layout
    layout = tuple(channel.name for channel in declared.channels)
    masked = _layout_of_tag(stream.metadata.get(_MASK_TAG, ""))
    layout = masked if len(masked) == len(layout) else layout
    if layout:
        stream.codec_context.layout = "+".join(layout) if is_in_native_order(layout) else f"{len(layout)}C"
    return layout


def _layout_of_tag(text: str) -> Layout:
    try:
        return masked_layout(int(text, 16))
    except ValueError:
        return ()


def _up_to_sound(frames: Iterator[AudioFrame]) -> list[AudioFrame]:
    """Take the first frames, up to the first that is not silent."""
    begin: list[AudioFrame] = []
    for frame in frames:
        begin.append(frame)
        if not is_silent(frame) or len(begin) == _MOST_SILENCE:
            break
    return begin


def _in_blocks(pieces: Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """Join pieces to blocks of at most `BLOCK` frames: frames are short, and one by one they cost a third more."""
    waiting: list[NDArray[np.float64]] = []
    for piece in pieces:
        if waiting and sum(held.shape[1] for held in waiting) + piece.shape[1] > BLOCK:
            yield np.concatenate(waiting, axis=1)
            waiting = []
        waiting.append(piece)
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _has_frame_count(path: Path, span: Span) -> bool:
    """True when an MP3 says its number of frames (Xing or Info header), so that its length is no guess."""
    with AvSource(path, span) as file:
        start = file.read(10)
        if start[:3] == b"ID3":
            size = sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        else:
            file.seek(0)
        head = file.read(4096)
    return b"Xing" in head or b"Info" in head
