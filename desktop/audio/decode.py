"""Choice of the decoder by file content, never by name: libsndfile where it is exact, FFmpeg for the rest."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from desktop.audio.av_source import ByteRangeFile
from desktop.audio.chained import WHOLE_FILE, ChainedReader, find_byte_ranges
from desktop.audio.decode_av import AvReader
from desktop.audio.decode_sndfile import SndfileReader
from desktop.audio.file_types import DRM_REASON, describe_non_audio
from desktop.audio.files import check_file
from desktop.audio.headers import check_header
from desktop.audio.names import printable
from desktop.audio.track import TrackInfo, TrackReader, UndecodableError
from desktop.errors import UnusableTrackError
from desktop.runtime.disk_errors import disk_error_reason

# Files with these signatures are decoded by libsndfile first. It does not get any others: it takes executables for MP3.
_SNDFILE_SIGNATURES = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd", b"NIST")


def read_track_info(path: Path) -> TrackInfo:
    """Return the track properties that the header declares. Raises UnusableTrackError if no decoder can open it."""
    for reader in open_readers(path):
        with closing(reader):
            return reader.info
    raise AssertionError("open_readers() yields or raises")


def open_readers(path: Path) -> Iterator[TrackReader]:
    """Yield a reader from each decoder that can open `path`, best first; the caller closes them.

    Take the next one only if the previous one failed. Raises UnusableTrackError if no decoder is left.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        header_check = check_header(path)
        factories = _reader_factories(path, head)
    except OSError as error:
        raise UnusableTrackError(f"{printable(path.name)} cannot be read: {disk_error_reason(error)}.") from error
    reasons = [header_check.problem] if header_check is not None and header_check.problem else []
    for create_reader in () if reasons else factories:
        with _collect_reasons(reasons):
            reader = create_reader()
            try:
                reader.info.check_supported()
            except UndecodableError:
                reader.close()
                raise
            yield reader
            reasons.append("is not an audio file, or it is damaged")
    raise UnusableTrackError(_failure_message(path, head, reasons))


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


@contextmanager
def _collect_reasons(reasons: list[str]) -> Generator[None]:
    try:
        yield
    except (UndecodableError, OSError) as error:
        reasons.append(
            str(error) if isinstance(error, UndecodableError) else f"cannot be read: {disk_error_reason(error)}"
        )


def _failure_message(path: Path, head: bytes, reasons: list[str]) -> str:
    description = DRM_REASON if DRM_REASON in reasons else describe_non_audio(head)
    if description:
        return f"{printable(path.name)} {description}."
    # The first decoder's reason is more specific, unless it only says that it does not know the format.
    specific_reasons = [reason for reason in reasons if not reason.startswith("is not an audio")] or reasons
    return f"{printable(path.name)} {specific_reasons[0]}. Play it in another program. If it won't play there either, download it again."
