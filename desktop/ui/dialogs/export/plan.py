"""Plan of an export: which files it writes, how large they are, and what is in the way in the folder."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from desktop.audio.stems import stem_title
from desktop.audio_formats import WAV, AudioFormat
from desktop.errors import StorageError
from desktop.export.names import part_file_names
from desktop.export.ni_stem_tracks import CANNOT_FOLD, NI_STEM_NAMES, can_fold
from desktop.export.output_folder import check_output_folder
from desktop.export.parts import Part, song_parts
from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.model import Job
from desktop.jobs.text import sums_exactly
from desktop.text.message import Message
from desktop.ui.dialogs.export.song import ExportSong, list_stem_names

MAX_SHOWN_FILES = 6
_BYTES_PER_SAMPLE = {"16": 2, "24": 3, "32": 4, "32f": 4}
_LOSSLESS_RATIO = 0.6
"""Size of music in a compressed lossless format, as a part of its size in PCM."""
_LOSSY_BYTES_PER_SECOND = 32_000
"""Of the highest quality of lossy formats: some 256 kbit/s."""


@dataclass(frozen=True)
class StemFacts:
    """What the stem files of a song are like."""

    depth: str | None = None
    """Bit depth of the first: "16", "24", "32" or "32f"; None if it has none, or cannot be read."""
    sizes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes of the files in bytes, by name of the stem."""


@dataclass(frozen=True)
class PlannedFile:
    """A file that an export would write."""

    name: str
    """With its suffix."""
    stem: str | None
    """Name of the stem that it is; None for a mix or a stem file."""
    size_bytes: int | None
    """None for a file of a project, which is small."""


@dataclass(frozen=True)
class ExportTotals:
    """How much an export would write."""

    file_count: int
    song_count: int
    """Number of songs that have any file."""
    size_bytes: int
    is_estimate: bool
    """Whether sizes are estimated, because they depend on the sound."""
    problem: Message | None = None
    """Why no song can have a file, as a sentence; None if it is only that no stem of theirs is chosen."""


@dataclass(frozen=True)
class FolderFacts:
    """What a folder for exported files is like."""

    problem: Message | None = None
    """Why no file can be written there, as a sentence."""
    free_bytes: int | None = None
    """None if it cannot be found out."""
    existing: int = 0
    """Number of files that would be written, and whose name a file in the folder has."""


def read_stem_facts(jobs: Iterable[Job]) -> dict[str, StemFacts]:
    """Read the stem files of jobs, and return what they are like by id of the job. For a background thread."""
    return {job.id: _read_stem_facts(job) for job in jobs}


def _read_stem_facts(job: Job) -> StemFacts:
    # Imported here because they import numpy, which must not delay the window.
    import soundfile

    from desktop.export.stems import stem_file_size

    sizes = {stem.name: stem_file_size(stem.path) for stem in job.stems}
    try:
        subtype = soundfile.info(job.stems[0].path).subtype
    except (soundfile.SoundFileError, OSError, IndexError):
        return StemFacts(None, sizes)
    depth = "32f" if subtype == "FLOAT" else subtype.removeprefix("PCM_")
    return StemFacts(depth if depth in _BYTES_PER_SAMPLE else None, sizes)


def read_folder_facts(folder: Path, list_names: Callable[[], Iterable[str]] = list) -> FolderFacts:
    """Return what `folder` is like, which need not exist. `list_names` lists the files to write. For a background thread."""
    try:
        check_output_folder(folder)
        existing = next(path for path in (folder, *folder.parents) if path.is_dir())
        taken = {path.name.casefold() for path in folder.iterdir()} if existing == folder else set[str]()
        free = shutil.disk_usage(existing).free
    except StorageError as error:
        return FolderFacts(error.message)
    except OSError:  # a folder that may be written but not listed, for example
        return FolderFacts()
    return FolderFacts(None, free, sum(name.casefold() in taken for name in list_names()))


def list_file_names(songs: Iterable[ExportSong], settings: ExportSettings) -> Iterator[str]:
    """Yield the name of each file that an export would write into an empty folder."""
    for song in songs:
        yield from (file.name for file in _planned_files(song, settings, {}))


def first_files(
    songs: Sequence[ExportSong], settings: ExportSettings, facts: Mapping[str, StemFacts]
) -> list[PlannedFile]:
    """Return the first `MAX_SHOWN_FILES` files. `facts` has what is known of the stem files, by id of the job."""
    return list(islice((file for song in songs for file in _planned_files(song, settings, facts)), MAX_SHOWN_FILES))


def count_files(songs: Sequence[ExportSong], settings: ExportSettings, facts: Mapping[str, StemFacts]) -> ExportTotals:
    """Return how much an export would write. `facts` has what is known of the stem files, by id of the job."""
    sizes = [_part_sizes(song, settings, facts) for song in songs]
    is_pcm = settings.audio_format == WAV
    return ExportTotals(
        sum(len(each) + len(settings.project_files) for each in sizes if each),
        sum(map(bool, sizes)),
        sum(map(sum, sizes)),
        is_estimate=not is_pcm and not all(_copies_files(song, settings) for song in songs),
        problem=CANNOT_FOLD if settings.kind is ExportKind.NI_STEM and not any(map(_can_fold, songs)) else None,
    )


def is_exact(songs: Sequence[ExportSong], settings: ExportSettings, facts: Mapping[str, StemFacts]) -> bool:
    """Return whether the written stems of each song add up to it, sample for sample."""
    file_format = settings.audio_format
    has_all = settings.stems is None or set(list_stem_names(songs)) <= set(settings.stems)
    if not (settings.copies_stems and has_all and file_format.is_lossless):
        return False
    return all(sums_exactly(song.job) and _keeps_depth(song, settings, file_format, facts) for song in songs)


def song_depth(song: ExportSong, facts: Mapping[str, StemFacts], file_format: AudioFormat) -> str | None:
    """Return the bit depth in which `file_format` holds a song unless asked otherwise; None if it is not known."""
    depth = facts[song.job.id].depth if song.job.id in facts else None
    if depth is None or depth in file_format.depths:
        return depth
    return file_format.depths[-1] if file_format.depths else None


def _keeps_depth(
    song: ExportSong, settings: ExportSettings, file_format: AudioFormat, facts: Mapping[str, StemFacts]
) -> bool:
    stem_depth = facts[song.job.id].depth if song.job.id in facts else None
    if stem_depth is None or stem_depth not in file_format.depths:
        return False
    return settings.depth is None or file_format.depths.index(settings.depth) >= file_format.depths.index(stem_depth)


def _planned_files(song: ExportSong, settings: ExportSettings, facts: Mapping[str, StemFacts]) -> Iterator[PlannedFile]:
    parts = song_parts(song.stem_names, song.state, settings)
    if not parts:
        return
    titles = [*(part.title for part in parts), *(file.title for file in settings.project_files)]
    names = part_file_names(song.job, titles, settings.name_template)
    suffix = settings.suffix
    for part, name, size in zip(parts, names, _part_sizes(song, settings, facts, parts), strict=False):
        yield PlannedFile(f"{name}{suffix}", _stem_of(song, part, settings), size)
    for file, name in zip(settings.project_files, names[len(parts) :], strict=True):
        yield PlannedFile(f"{name}{file.suffix}", None, None)


def _stem_of(song: ExportSong, part: Part, settings: ExportSettings) -> str | None:
    if settings.kind is not ExportKind.STEMS:
        return None
    return next(name for name in song.stem_names if stem_title(name) == part.title)


def _can_fold(song: ExportSong) -> bool:
    return can_fold(song.stem_names)


def _part_sizes(
    song: ExportSong,
    settings: ExportSettings,
    facts: Mapping[str, StemFacts],
    parts: Sequence[Part] | None = None,
) -> list[int]:
    """Return the size of each part in bytes: that of the stem file if it is copied, else an estimate."""
    parts = song_parts(song.stem_names, song.state, settings) if parts is None else parts
    estimate = _estimate_size(song, settings, facts)
    if not _copies_files(song, settings) or song.job.id not in facts:
        return [estimate] * len(parts)
    return [facts[song.job.id].sizes.get(_stem_of(song, part, settings) or "", estimate) for part in parts]


def _copies_files(song: ExportSong, settings: ExportSettings) -> bool:
    is_same_format = all(stem.path.suffix == settings.suffix for stem in song.job.stems)
    return settings.copies_stems and settings.depth is None and is_same_format


def _estimate_size(song: ExportSong, settings: ExportSettings, facts: Mapping[str, StemFacts]) -> int:
    """Return the size of one file of a song in bytes; with a bit depth of 24 as long as that of the song is unknown."""
    file_format = settings.audio_format
    seconds = song.written_seconds(settings)
    if settings.kind is ExportKind.NI_STEM:
        seconds *= 1 + len(NI_STEM_NAMES)
    if not file_format.is_lossless:
        return round(seconds * _LOSSY_BYTES_PER_SECOND)
    depth = settings.depth or song_depth(song, facts, file_format) or "24"
    rate = file_format.nearest_rate(settings.sample_rate or song.sample_rate)
    size = seconds * rate * song.channels * _BYTES_PER_SAMPLE[depth]
    return round(size if file_format == WAV else size * _LOSSLESS_RATIO)
