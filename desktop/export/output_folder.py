"""Copies of a job's stems in its output folder; existing files are never overwritten."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from desktop.atomic_file import atomic_file
from desktop.audio.names import printable, safe_file_name
from desktop.errors import StorageError
from desktop.jobs.model import Job, Stem
from desktop.runtime.disk_errors import disk_error_reason
from desktop.text.message import Message

# Maximum length of a path in an error message.
_MAX_PATH_CHARS = 200


def check_output_folder(out: Path) -> None:
    """Raise StorageError unless stems can be written to `out`. The folder need not exist, and is not created."""
    existing = next((path for path in (out, *out.parents) if os.path.lexists(path)), None)
    if existing is None:  # a Windows drive that is not connected
        raise _export_error(out, Message("it is on a disk that is not connected"))
    if not existing.is_dir():
        raise _export_error(
            out,
            Message("it is a file")
            if existing == out
            else Message("{path} is a file", path=printable(existing, _MAX_PATH_CHARS)),
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _export_error(out, Message("{path} cannot be written", path=printable(existing, _MAX_PATH_CHARS)))
    if existing == out:
        try:
            with tempfile.TemporaryDirectory(prefix=".unbraid-", dir=out):
                pass
        except OSError as error:
            raise _export_error(out, disk_error_reason(error)) from error


def export_to_output_folder(job: Job, stems: Sequence[Stem]) -> tuple[Stem, ...]:
    """Copy the stems to a new folder in `job.options.out`, and return them with `exported` set.

    Return them unchanged if the job has no output folder. Raises StorageError if the folder cannot be written, and then
    leaves no copies.
    """
    out = job.options.out
    if out is None:
        return tuple(stems)
    title = safe_file_name(job.title)
    folder: Path | None = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        _check_free_space(stems, out)
        folder = _make_folder(out, title)
        return tuple(replace(stem, exported=_copy_stem(stem, folder / f"{title} - {stem.path.name}")) for stem in stems)
    except OSError as error:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        raise _export_error(out, disk_error_reason(error)) from error


def describe_kept_stems(job: Job, error: StorageError) -> Message:
    """Return a sentence about completed stems that could not be exported: where they are and what to do."""
    command = f"unbraid export {job.id[:8]} --to FOLDER"
    return Message(
        "{error} The stems are still in the library. To export them: “Export…” in the window, or {command}",
        error=error.message,
        command=command,
    )


def is_exported(job: Job) -> bool:
    """Return True if all stems of a completed job are in its output folder, or it has none."""
    return job.options.out is None or all(stem.exported for stem in job.stems)


def delete_exported(stems: Sequence[Stem]) -> None:
    """Delete the folders that `export_to_output_folder` created: the job did not complete."""
    for folder in {stem.exported.parent for stem in stems if stem.exported}:
        shutil.rmtree(folder, ignore_errors=True)


def _check_free_space(stems: Sequence[Stem], out: Path) -> None:
    needed, free = sum(stem.path.stat().st_size for stem in stems), shutil.disk_usage(out).free
    if needed > free:
        raise _export_error(
            out, Message("they need {needed:size}, but only {free:size} is free", needed=needed, free=free)
        )


def _export_error(out: Path, reason: Message) -> StorageError:
    return StorageError(
        Message(
            "The stems cannot be copied to {out}: {reason}. Choose another folder.",
            out=printable(out, _MAX_PATH_CHARS),
            reason=reason,
        )
    )


def _make_folder(out: Path, title: str) -> Path:
    number = 1
    while True:
        folder = out / (title if number == 1 else f"{title} ({number})")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _copy_stem(stem: Stem, target: Path) -> Path:
    with atomic_file(target) as part:
        shutil.copyfile(stem.path, part)
    return target
