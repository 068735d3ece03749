"""Decoding with FFmpeg (PyAV): the formats and layouts that libsndfile lacks, and damaged files."""

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
    detect_sample_format,
    drop_short_runs,
    frame_format,
    frame_layout,
    frame_to_float64,
    is_silent,
)
from desktop.audio.av_source import ByteRangeFile, open_container
from desktop.audio.chained import WHOLE_FILE, ByteRange
from desktop.audio.downmix import Layout, is_in_native_order, layout_from_mask, layout_or_default
from desktop.audio.file_types import DRM_PROBLEM
from desktop.audio.headers import lacks_declared_audio
from desktop.audio.track import (
    DAMAGED_PARTS_NOTICE,
    INCOMPLETE_NOTICE,
    NO_AUDIO_PROBLEM,
    UNKNOWN_FORMAT_PROBLEM,
    TrackInfo,
    TrackSection,
    UndecodableError,
)
from desktop.text.message import Message

BLOCK_FRAMES = 65536
_ALLOWED_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,iff,matroska,webm,mlp,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpc,mpc8,mpeg,mpegts,ogg,rm,shn,tak,truehd,tta,voc,w64,wav,wv,xwma"
)
# Formats whose length FFmpeg estimates from the bit rate.
_ESTIMATED_LENGTH_FORMATS = {"aac", "ac3", "eac3", "amr", "dts", "mpeg", "mpegts", "mp3"}
# MP4 codec tags of protected audio: Apple's FairPlay, Common Encryption (ISO/IEC 23001-7), Audible.
_DRM_CODEC_TAGS = {"drms", "enca", "aavd"}
# Windows Media header objects that declare protection: Content Encryption and its extended form (ASF, 3.14 f.).
_DRM_ASF_GUIDS = tuple(
    uuid.UUID(name).bytes_le
    for name in ("2211B3FB-BD23-11D2-B4B7-00A0C955FC6E", "298AE614-2622-4C17-B935-DAE07EE9289C")
)
_ASF_HEADER_BYTES = 1 << 16
# The tag in which FLAC declares a layout other than the default. FFmpeg evaluates it only outside of Ogg.
_CHANNEL_MASK_TAG = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"
# Maximum number of silent frames to read until a sample shows the sample width.
_MAX_SILENT_FRAMES = 64


class AvReader:
    """Reader for a track that FFmpeg decodes."""

    def __init__(self, path: Path, byte_range: ByteRange = WHOLE_FILE, audio_track: int | None = None) -> None:
        """Open a file, or one link of it, and decode its first frame.

        `audio_track` is the number of an audio track of the file, from 0; None chooses the best. Raises UndecodableError if FFmpeg cannot decode it, OSError if the file cannot be read.
        """
        self._path, self._byte_range, self._audio_track = path, byte_range, audio_track
        self._open()

    def _open(self) -> None:
        self._file = ByteRangeFile(self._path, self._byte_range)
        try:
            self._start_decoding()
        except (FFmpegError, UndecodableError, UnicodeError, ValueError) as error:
            self._file.close()
            if isinstance(error, UndecodableError):
                raise
            raise UndecodableError(UNKNOWN_FORMAT_PROBLEM) from error

    def _start_decoding(self) -> None:
        self._was_read, self._decoded_count, self._damaged_count, self._decoded_seconds = False, 0, 0, 0.0
        self._container = open_container(self._file, _ALLOWED_FORMATS)
        self._stream: Any = self._choose_stream()
        if self._stream is None:
            raise UndecodableError(Message("{name} has no audio track."))
        if self._stream.codec_context is None:
            raise UndecodableError(Message("{name} uses an unknown codec."))
        if self._has_drm():
            raise UndecodableError(DRM_PROBLEM)
        self._layout = _configure_layout(self._stream)
        frames = drop_short_runs(self._decoded_frames(), self._count_dropped_frames)
        sections = (self._create_section(run) for _, run in groupby(frames, frame_format))
        first = next(sections, None)
        if first is None:
            raise UndecodableError(NO_AUDIO_PROBLEM if not self._damaged_count else UNKNOWN_FORMAT_PROBLEM)
        self._sections = chain([first], sections)
        self._declared_length_s = self._read_declared_length()
        declared_frames = round(self._declared_length_s * first.info.sample_rate) if self._declared_length_s else None
        self.info = replace(first.info, frames=declared_frames)

    def _choose_stream(self) -> Any:
        """Return the stream to decode; None if there is none."""
        if self._audio_track is None:
            return self._container.streams.best("audio")
        return next(iter(self._container.streams.audio[self._audio_track : self._audio_track + 1]), None)

    def sections(self) -> Iterator[TrackSection]:
        """Yield the decodable sections in order. Raises UndecodableError if more packets are damaged than decoded."""
        if self._was_read:
            self.close()
            self._open()
        self._was_read = True
        yield from self._sections
        if self._damaged_count > self._decoded_count:
            # Some decoders find frames in any data.
            raise UndecodableError(UNKNOWN_FORMAT_PROBLEM)

    def _create_section(self, frames: Iterator[AudioFrame]) -> TrackSection:
        first_frames = _read_until_audible(frames)
        layout = frame_layout(first_frames[0])
        info = TrackInfo(
            first_frames[0].sample_rate,
            layout_or_default(self._layout if set(layout) == {"NONE"} and len(layout) == len(self._layout) else layout),
            None,
            detect_sample_format(self._stream.codec_context, first_frames),
            self._stream.codec_context.name,
        )
        return TrackSection(info, _join_blocks(self._sample_blocks(chain(first_frames, frames))))

    def _sample_blocks(self, frames: Iterable[AudioFrame]) -> Iterator[NDArray[np.float64]]:
        for frame in frames:
            self._decoded_count += 1
            self._decoded_seconds += frame.samples / frame.sample_rate
            samples = frame_to_float64(frame)
            for start in range(0, samples.shape[1], BLOCK_FRAMES):
                yield samples[:, start : start + BLOCK_FRAMES]

    @property
    def notices(self) -> tuple[Message, ...]:
        """Sentences for the user; complete after the last block."""
        notices: list[Message] = []
        streams = self._container.streams.audio
        if len(streams) > 1:
            number = 1 + [stream.index for stream in streams].index(self._stream.index)
            notices.append(
                Message(
                    "The file has {tracks} audio tracks; track {number} was separated.",
                    tracks=len(streams),
                    number=number,
                )
            )
        if self._damaged_count:
            notices.append(DAMAGED_PARTS_NOTICE)
        is_length_exact = self._container.format.name not in _ESTIMATED_LENGTH_FORMATS or self._has_frame_count
        is_too_short = (
            is_length_exact and self._declared_length_s and self._decoded_seconds < 0.98 * self._declared_length_s - 0.2
        )
        if is_too_short or lacks_declared_audio(self._path):
            notices.append(INCOMPLETE_NOTICE)
        return tuple(notices)

    def close(self) -> None:
        """Close the decoder and the file."""
        self._container.close()
        self._file.close()

    def _has_drm(self) -> bool:
        # Matroska's demuxer stores the key id as a tag.
        if self._stream.codec_context.codec_tag in _DRM_CODEC_TAGS or "enc_key_id" in self._stream.metadata:
            return True
        if self._container.format.name != "asf":
            return False
        with ByteRangeFile(self._path) as file:
            header = file.read(_ASF_HEADER_BYTES)
        return any(guid in header for guid in _DRM_ASF_GUIDS)

    def _count_dropped_frames(self, frames: int) -> None:
        self._damaged_count += frames

    def _decoded_frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.has_sidedata("encryption_info"):
                    raise UndecodableError(DRM_PROBLEM)
                frames = packet.decode()
            except FFmpegError:
                self._damaged_count += 1
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples and frame.sample_rate > 0:
                    yield frame

    def _read_declared_length(self) -> float | None:
        self._has_frame_count = self._container.format.name == "mp3" and _has_mp3_frame_count(
            self._path, self._byte_range
        )
        # A damaged header may declare a negative length.
        if self._stream.duration and self._stream.duration > 0:
            return float(self._stream.duration * Fraction(self._stream.time_base))
        length = self._container.duration
        return length / 1e6 if length and length > 0 else None


def _configure_layout(stream: Any) -> Layout:
    """Return the layout that the container declares, and set it on the decoder if it is in FFmpeg's native order.

    Otherwise set only the number of channels: PyAV frees a layout in another order with each frame, and FFmpeg frees it
    a second time.
    """
    declared = stream.codec_context.layout
    layout = tuple(channel.name for channel in declared.channels)
    mask_layout = _parse_layout_tag(stream.metadata.get(_CHANNEL_MASK_TAG, ""))
    layout = mask_layout if len(mask_layout) == len(layout) else layout
    if layout:
        stream.codec_context.layout = "+".join(layout) if is_in_native_order(layout) else f"{len(layout)}C"
    return layout


def _parse_layout_tag(text: str) -> Layout:
    try:
        return layout_from_mask(int(text, 16))
    except ValueError:
        return ()


def _read_until_audible(frames: Iterator[AudioFrame]) -> list[AudioFrame]:
    """Return the first frames, up to and including the first that is not silent."""
    first_frames: list[AudioFrame] = []
    for frame in frames:
        first_frames.append(frame)
        if not is_silent(frame) or len(first_frames) == _MAX_SILENT_FRAMES:
            break
    return first_frames


def _join_blocks(chunks: Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """Yield the chunks joined into blocks of at most `BLOCK_FRAMES`; single chunks would take a third more time."""
    pending: list[NDArray[np.float64]] = []
    for chunk in chunks:
        if pending and sum(joined.shape[1] for joined in pending) + chunk.shape[1] > BLOCK_FRAMES:
            yield np.concatenate(pending, axis=1)
            pending = []
        pending.append(chunk)
    if pending:
        yield np.concatenate(pending, axis=1)


def _has_mp3_frame_count(path: Path, byte_range: ByteRange) -> bool:
    """Return True if an MP3 declares its number of frames (Xing or Info header), so that its length is exact."""
    with ByteRangeFile(path, byte_range) as file:
        start = file.read(10)
        if start[:3] == b"ID3":
            size = sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        else:
            file.seek(0)
        head = file.read(4096)
    return b"Xing" in head or b"Info" in head
