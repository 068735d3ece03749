"""File names of exported stems, and moving them into place without overwriting."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from desktop.audio.names import safe_file_name, song_file_name
from desktop.audio.stems import stem_title
from desktop.jobs.model import Job

# Maximum length of a file name in UTF-8 bytes on every file system in use; eCryptfs (encrypted home folders on Linux)
# is the strictest. The last bytes are reserved for the number of a set and the suffix.
_MAX_NAME_BYTES = 143 - len(" 999999.flac")
_MAX_STEM_BYTES = 30


def stem_file_names(job: Job, stems: Sequence[str]) -> list[str]:
    """Return a distinct file name without suffix for each of `stems`, such as "Artist - Title (Vocals)".

    Every name is safe on every file system (`safe_file_name`), and differs from the others in more than case.
    """
    labels = _make_distinct([safe_file_name(stem_title(stem), _MAX_STEM_BYTES) for stem in stems])
    max_song_bytes = _MAX_NAME_BYTES - max(len(f" ({label})".encode()) for label in labels)
    song = song_file_name(job.artist, job.title, max_song_bytes)
    return [f"{song} ({label})" for label in labels]


def move_into_place(parts: Sequence[Path], folder: Path, names: Sequence[str]) -> list[Path]:
    """Move the files `parts` to `folder` under the corresponding `names`, with their own suffixes. Return the new paths.

    Existing files are never overwritten: the whole set gets the first number for which no name is taken,
    "… (Vocals) 2.wav". `parts` must be on the same disk as `folder`. Raises OSError, and then leaves no file in
    `folder`.
    """
    number_suffixes = ("" if number == 1 else f" {number}" for number in count(1))
    candidates = (
        [folder / f"{name}{number_suffix}{part.suffix}" for name, part in zip(names, parts, strict=True)]
        for number_suffix in number_suffixes
    )
    targets = next(targets for targets in candidates if _try_reserve(targets))
    try:
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    except OSError:
        for target in targets:
            target.unlink(missing_ok=True)
        raise
    return targets


def _try_reserve(targets: Sequence[Path]) -> bool:
    """Reserve all target names with empty files, or none. Return whether they were free.

    Needed because two exports may run at once. Raises OSError.
    """
    reserved: list[Path] = []
    try:
        for target in targets:
            target.open("xb").close()
            reserved.append(target)
    except OSError as error:
        for target in reserved:
            target.unlink()
        if isinstance(error, FileExistsError):
            return False
        raise
    return True


def _make_distinct(labels: Sequence[str]) -> list[str]:
    """Return the labels, with a number appended to labels that equal an earlier one except for case."""
    distinct: list[str] = []
    for label in labels:
        others = {other.casefold() for other in distinct}
        numbered = (label if number == 1 else f"{label} {number}" for number in count(1))
        distinct.append(next(name for name in numbered if name.casefold() not in others))
    return distinct
