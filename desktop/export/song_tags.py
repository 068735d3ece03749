"""Tags of exported files: title, artist, album, tempo, key and cover, without touching the audio.

FFmpeg copies the packets to a new file with the tags: libsndfile knows neither tempo, key nor cover, and its tags in MP3
files are unreadable beyond ASCII. Existing tags stay, unless they are given anew.

Sources: https://id3.org/id3v2.3.0 (TBPM, TKEY), https://xiph.org/vorbis/doc/v-comment.html, Apple's "iTunes Metadata
Format" (tmpo). Programs for DJs read and write the names of the other fields.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from desktop.analysis.harmony import Key
from desktop.atomic_file import atomic_file
from desktop.audio.av_source import ByteRangeFile, open_container
from desktop.audio.mp4_boxes import Box, edit_box, edit_movie_header
from desktop.audio_formats import AAC, ALAC, FLAC, MP3, OGG_VORBIS, OPUS, WAV, AudioFormat
from desktop.export.cover import Cover, parse_cover
from desktop.export.wav_tags import append_wav_tags
from desktop.jobs.model import Job

MUXERS = {FLAC: "flac", MP3: "mp3", OGG_VORBIS: "ogg", OPUS: "opus", AAC: "mp4", ALAC: "mp4"}
"""Name of each format's muxer in FFmpeg; its muxer "ipod" refuses covers."""
_ALLOWED_FORMATS = "flac,mp3,ogg,mov,mp4"
MP4_OPTIONS = {"brand": "M4A "}
"""Options of FFmpeg's muxer for MP4 files with nothing but audio."""
_MUXER_OPTIONS = {"mp3": {"id3v2_version": "3"}, "mp4": MP4_OPTIONS}
_BUFFER_BYTES = 1 << 20
_UTF8_VALUE = 1  # type of a value in Apple's metadata


class _OtherFormatError(Exception):
    """The file is not of the format that its tags are to be written for."""


@dataclass(frozen=True)
class SongTags:
    """Tags to write; empty ones and None are left as they are in the file."""

    title: str = ""
    artist: str = ""
    album: str = ""
    tempo_bpm: float | None = None
    """Beats per minute; whole numbers in WAV, MP3 and M4A."""
    key: Key | None = None
    cover: bytes | None = None
    """Content of a picture file; only JPEG and PNG are written."""


def part_tags(job: Job, part: str, cover: bytes | None) -> SongTags:
    """Return the tags of a part of a song, such as its vocals: those of the song, with `part` in the title unless empty."""
    return SongTags(
        f"{job.title} ({part})" if part else job.title, job.artist, job.album, job.tempo_bpm, job.key, cover
    )


def write_song_tags(path: Path, audio_format: AudioFormat, tags: SongTags) -> None:
    """Add `tags` to an audio file of this format, whatever its suffix. Raises OSError.

    A file that is not of this format stays as it is.
    """
    if tags == SongTags():
        return
    cover = parse_cover(tags.cover) if tags.cover else None
    if audio_format == WAV:
        append_wav_tags(path, _id3_texts(tags), cover)
        return
    try:
        with atomic_file(path) as part, part.open("xb+") as target:
            _copy_with_tags(path, target, MUXERS[audio_format], tags, cover)
    except _OtherFormatError:
        pass


def key_tag(key: Key) -> str:
    """Return a key as tags spell it: "F#m", "Bb"."""
    return f"{key.tonic_name}{'m' if key.is_minor else ''}"


def _copy_with_tags(path: Path, target: BinaryIO, muxer: str, tags: SongTags, cover: Cover | None) -> None:
    """Copy the audio and the tags of `path` to `target`, with other tags.

    Raises _OtherFormatError if the source cannot be opened, OSError.
    """
    options = _MUXER_OPTIONS.get(muxer, {})
    with (
        ByteRangeFile(path) as file,
        _open_source(file) as source,
        av.open(target, "w", muxer, options=options, buffer_size=_BUFFER_BYTES) as copy,
    ):
        streams = source.streams.audio
        copies = {stream.index: copy.add_stream_from_template(stream) for stream in streams}
        is_ogg = muxer in ("ogg", "opus")
        fields = {**source.metadata, **(streams[0].metadata if is_ogg else {}), **_fields(muxer, tags)}
        if cover and is_ogg:
            fields["METADATA_BLOCK_PICTURE"] = cover.to_vorbis_comment()
        (copies[streams[0].index] if is_ogg else copy).metadata.update(fields)
        if cover and not is_ogg:
            cover.add_to(copy)
        packets = (packet for packet in source.demux(list(streams)) if packet.dts is not None)  # None: end of a stream
        for packet in _repair_vorbis_times(packets) if muxer == "ogg" else packets:
            packet.stream = copies[packet.stream.index]
            copy.mux(packet)
    if muxer == "mp4" and tags.key is not None:
        _add_mp4_key(target, tags.key)


def _repair_vorbis_times(packets: "Iterable[Packet[Any]]") -> "Iterator[Packet[Any]]":
    """Yield the packets with the times at which their audio is played.

    If a file has a single page, FFmpeg returns all packets late by the first one, which has no audio, so that the last
    one is too short by as much: its duration may be negative, in 32 bits without a sign.
    """
    shift, end = None, 0
    last: Packet[Any] | None = None
    for packet in packets:
        if last is not None:
            yield last
        pts, duration = packet.pts or 0, packet.duration or 0
        if shift is None:
            shift = duration if pts == 0 else 0
        end = (pts + duration) % (1 << 32)
        packet.pts = packet.dts = pts - shift
        last = packet
    if last is not None:
        if shift:
            last.duration = end - (last.pts or 0)
        yield last


def _open_source(file: ByteRangeFile) -> InputContainer:
    """Open a file that FFmpeg knows. Raises _OtherFormatError."""
    try:
        return open_container(file, _ALLOWED_FORMATS)
    except (FFmpegError, ValueError) as error:
        raise _OtherFormatError from error


def _fields(muxer: str, tags: SongTags) -> dict[str, str]:
    """Return the tags as FFmpeg takes them for a muxer."""
    fields = {"title": tags.title, "artist": tags.artist, "album": tags.album}
    if muxer == "mp4":
        fields["tmpo"] = _whole_tempo(tags)
    elif muxer == "mp3":
        fields |= {"TBPM": _whole_tempo(tags), "TKEY": _key_text(tags)}
    else:
        exact_tempo = "" if tags.tempo_bpm is None else f"{tags.tempo_bpm:.2f}".rstrip("0").rstrip(".")
        fields |= {"BPM": exact_tempo, "INITIALKEY": _key_text(tags)}
    return {name: text for name, text in fields.items() if text}


def _id3_texts(tags: SongTags) -> dict[str, str]:
    """Return the text of each ID3 frame."""
    texts = {"TIT2": tags.title, "TPE1": tags.artist, "TALB": tags.album}
    texts |= {"TBPM": _whole_tempo(tags), "TKEY": _key_text(tags)}
    return {name: text for name, text in texts.items() if text}


def _whole_tempo(tags: SongTags) -> str:
    return "" if tags.tempo_bpm is None else f"{tags.tempo_bpm:.0f}"


def _key_text(tags: SongTags) -> str:
    return "" if tags.key is None else key_tag(tags.key)


def _add_mp4_key(file: BinaryIO, key: Key) -> None:
    """Add the key to the metadata of an MP4 file as a free-form item, which FFmpeg does not write. Raises OSError."""
    item = Box(
        b"----",
        Box(b"mean", bytes(4) + b"com.apple.iTunes").to_bytes()
        + Box(b"name", bytes(4) + b"initialkey").to_bytes()
        + Box(b"data", struct.pack(">II", _UTF8_VALUE, 0) + key_tag(key).encode()).to_bytes(),
    )
    path = (b"udta", b"meta", b"ilst")
    edit_movie_header(file, lambda content: edit_box(content, path, lambda items: items + item.to_bytes()))
