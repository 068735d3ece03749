"""Choice of the decoder by file content, never by name: libsndfile where it is exact, FFmpeg for the rest."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

from desktop.audio.av_source import ByteRangeFile
from desktop.audio.chained import WHOLE_FILE, ChainedReader, find_byte_ranges
from desktop.audio.decode_av import AvReader
from desktop.audio.decode_sndfile import SndfileReader
from desktop.audio.file_types import DRM_PROBLEM, describe_non_audio
from desktop.audio.files import check_file
from desktop.audio.headers import check_header
from desktop.audio.names import printable
from desktop.audio.track import DAMAGED_PROBLEM, UNKNOWN_FORMAT_PROBLEM, TrackReader, UndecodableError
from desktop.errors import UnusableTrackError
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message, join_messages

# From the most specific to the least.
_VAGUE_PROBLEMS = (DAMAGED_PROBLEM, UNKNOWN_FORMAT_PROBLEM)
_Result = TypeVar("_Result")
# Files with these signatures are decoded by libsndfile first. It does not get any others: it takes executables for MP3.
_SNDFILE_SIGNATURES = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"NIST")
_UNREADABLE_PROBLEM = Message("{name} cannot be read: {reason}.")
_OTHER_PROGRAM_ADVICE = Message("Play it in another program. If it won't play there either, download it again.")


def decode_file(path: Path, decode: Callable[[TrackReader], _Result], audio_track: int | None = None) -> _Result:
    """Return what `decode` returns for the best reader of `path` with which it does not raise UndecodableError.

    `audio_track` is the number of an audio track of a file with several, from 0; None chooses the best. Raises UnusableTrackError with the most specific problem of all decoders if none is left, and what else `decode`
    raises.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        header_check = check_header(path)
        factories = (
            _reader_factories(path, head) if audio_track is None else [partial(AvReader, path, audio_track=audio_track)]
        )
    except OSError as error:
        raise UnusableTrackError(
            _UNREADABLE_PROBLEM.with_arguments(name=printable(path.name), reason=disk_error_reason(error))
        ) from error
    if header_check is not None and header_check.problem:
        raise UnusableTrackError(_failure_message(path, head, [header_check.problem]))
    problems: list[Message] = []
    for create_reader in factories:
        try:
            with closing(_open_reader(create_reader)) as reader:
                return decode(reader)
        except UndecodableError as error:
            problems.append(error.problem)
    raise UnusableTrackError(_failure_message(path, head, problems))


def _open_reader(create_reader: Callable[[], TrackReader]) -> TrackReader:
    """Return a reader of supported audio. Raises UndecodableError, also if the file cannot be read."""
    try:
        reader = create_reader()
    except OSError as error:
        raise UndecodableError(_UNREADABLE_PROBLEM.with_arguments(reason=disk_error_reason(error))) from error
    try:
        reader.info.check_supported()
    except UndecodableError:
        reader.close()
        raise
    return reader


def _reader_factories(path: Path, head: bytes) -> list[Callable[[], TrackReader]]:
    """Return a function for each decoder that opens the file with it, best first."""
    byte_ranges = find_byte_ranges(path, head)
    if byte_ranges == (WHOLE_FILE,):
        return [partial(decoder, path) for decoder in _reader_types(head)]
    with ByteRangeFile(path, byte_ranges[0]) as file:
        decoders = _reader_types(file.read(len(head)))
    chained_factories = [partial(ChainedReader, path, byte_ranges, decoders[first:]) for first in range(len(decoders))]
    return [*chained_factories, partial(AvReader, path)]


def _reader_types(head: bytes) -> tuple[Callable[..., TrackReader], ...]:
    return (SndfileReader, AvReader) if head.startswith(_SNDFILE_SIGNATURES) else (AvReader,)


def _failure_message(path: Path, head: bytes, problems: list[Message]) -> Message:
    name = printable(path.name)
    known_problem = DRM_PROBLEM if DRM_PROBLEM in problems else describe_non_audio(head)
    if known_problem:
        return known_problem.with_arguments(name=name)
    # The first decoder's problem is more specific, unless it only says that it failed.
    problem = min(problems, key=lambda problem: _VAGUE_PROBLEMS.index(problem) if problem in _VAGUE_PROBLEMS else -1)
    return join_messages(problem.with_arguments(name=name), _OTHER_PROGRAM_ADVICE)
