"""Stems copied to where the user asked for them. What is there already is never touched."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from desktop.audio.names import safe_name, shown
from desktop.disk_trouble import reason_of
from desktop.errors import StorageError
from desktop.jobs.model import Job, Stem
from desktop.sizes import in_words

# Characters of a path in a sentence.
_LONGEST = 200


def check_folder(out: Path) -> None:
    """Raise StorageError unless stems can be written into `out`. It need not exist, and is not made."""
    place = next((place for place in (out, *out.parents) if os.path.lexists(place)), None)
    if place is None:  # a drive of Windows
        raise _refused(out, "it is on a disk that is not connected")
    if not place.is_dir():
        raise _refused(out, "it is a file" if place == out else f"{shown(place, _LONGEST)} is a file")
    if not os.access(place, os.W_OK | os.X_OK):
        raise _refused(out, f"{shown(place, _LONGEST)} cannot be written")
    if place == out:
        try:
            with tempfile.TemporaryDirectory(prefix=".unbraid-", dir=out):
                pass
        except OSError as error:
            raise _refused(out, reason_of(error)) from error


def export(job: Job, stems: Sequence[Stem]) -> tuple[Stem, ...]:
    """Copy the stems to a new folder in `job.options.out`, if there is one. Raises StorageError."""
    out = job.options.out
    if out is None:
        return tuple(stems)
    title = safe_name(job.title)
    folder: Path | None = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        _check_room(stems, out)
        folder = _new_folder(out, title)
        return tuple(replace(stem, exported=_copy(stem, folder / f"{title} - {stem.path.name}")) for stem in stems)
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise _refused(out, reason_of(error)) from error


def kept_in_library(job: Job, error: StorageError) -> str:
    """Return the sentence about stems that were made, but could not be exported: where they are, and what to do."""
    return (
        f"{error} They are kept in the library. To export them: “Export stems…” in the window, or "
        f"unbraid export {job.id[:8]} --to FOLDER"
    )


def is_exported(job: Job) -> bool:
    """Return True when a completed job has put its stems where the user asked for them."""
    return job.options.out is None or all(stem.exported for stem in job.stems)


def withdraw(stems: Sequence[Stem]) -> None:
    """Take back what `export` put into the user's folder: the job was not completed with it."""
    for folder in {stem.exported.parent for stem in stems if stem.exported}:
        shutil.rmtree(folder, ignore_errors=True)


def _check_room(stems: Sequence[Stem], out: Path) -> None:
    needed, free = sum(stem.path.stat().st_size for stem in stems), shutil.disk_usage(out).free
    if needed > free:
        raise _refused(out, f"they need {in_words(needed)}, and {in_words(free)} is free")


def _refused(out: Path, why: str) -> StorageError:
    return StorageError(f"The stems cannot be put into {shown(out, _LONGEST)}: {why}. Choose another folder.")


def _new_folder(out: Path, title: str) -> Path:
    number = 1
    while True:
        folder = out / (title if number == 1 else f"{title} ({number})")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _copy(stem: Stem, target: Path) -> Path:
    part = target.with_name(target.name + ".part")
    shutil.copyfile(stem.path, part)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    return part.rename(target)
