"""Stems copied to where the user asked for them. What is there already is never touched."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from desktop.audio.names import safe_name, shown
from desktop.disk_trouble import disk_trouble
from desktop.errors import StorageError
from desktop.jobs.model import Job, Stem


def export(job: Job, stems: Sequence[Stem]) -> tuple[Stem, ...]:
    """Copy the stems to a new folder in `job.options.out`, if there is one. Raises StorageError."""
    out = job.options.out
    if out is None:
        return tuple(stems)
    title = safe_name(job.title)
    folder: Path | None = None
    try:
        folder = _new_folder(out, title)
        return tuple(replace(stem, exported=_copy(stem, folder / f"{title} - {stem.path.name}")) for stem in stems)
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise StorageError(
            f"The stems could not be put into {shown(out)}: {disk_trouble(error, out)}, or choose another folder."
        ) from error


def withdraw(stems: Sequence[Stem]) -> None:
    """Take back what `export` put into the user's folder: the job was not completed with it."""
    for folder in {stem.exported.parent for stem in stems if stem.exported}:
        shutil.rmtree(folder, ignore_errors=True)


def _new_folder(out: Path, title: str) -> Path:
    out.mkdir(parents=True, exist_ok=True)
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
