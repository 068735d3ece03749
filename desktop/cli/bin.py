"""`unbraid remove`, `clear`, `restore` and `bin`: songs that were removed, and how they come back or are deleted."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.cli.jobs import backend, find, the_one
from desktop.cli.report import as_object, title_words
from desktop.errors import UnknownJobError
from desktop.jobs.model import KEPT_DAYS, RemovedJob
from desktop.jobs.sentences import named, removed_words
from desktop.sizes import in_words


def remove(beginning: str) -> int:
    """Move the job whose id begins so to the bin. Raises UnknownJobError, JobStateError."""
    service = backend().service
    job = find(service, beginning)
    if not service.remove_jobs([job.id]):
        raise UnknownJobError(f"Another window or command has just removed this song: {title_words(job)}")
    print(f"{removed_words([job])} {_kept(f'unbraid restore {job.id[:8]}')}")
    return 0


def clear() -> int:
    """Move the jobs that have ended to the bin."""
    jobs = backend().service.clear()
    if not jobs:
        print("There are no finished songs to remove.")
    else:
        print(f"{removed_words(jobs, 'finished')} {_kept('unbraid restore --last')}")
    return 0


def restore(beginnings: Sequence[str], last: bool) -> int:
    """Put the jobs whose ids begin so back into the library, or all of the `last` removal.

    Raises UnknownJobError, JobStateError.
    """
    removed = backend().service.bin
    ids = [the_one([entry.job for entry in removed.jobs()], beginning, "bin").id for beginning in beginnings]
    jobs = removed.restore(None if last else ids)
    nothing = "The bin is empty." if last else "Nothing was restored: these songs are not in the bin any more."
    print(f"Restored {named(jobs)}." if jobs else nothing)
    return 0


def list_bin(as_json: bool) -> int:
    """Print what is in the bin, with sizes."""
    entries = backend().service.bin.jobs()
    if as_json:
        print(json.dumps([_object(entry) for entry in entries]))
    elif not entries:
        print("The bin is empty.")
    else:
        Console(soft_wrap=True).print(_table(entries))
        total = in_words(sum(entry.bytes for entry in entries))
        print(f"{named([entry.job for entry in entries])}, {total}. To restore one: unbraid restore ID")
    return 0


def delete(beginnings: Sequence[str], sure: bool) -> int:
    """Delete the jobs in the bin whose ids begin so, or all; asks first, unless `sure`. Returns 1 when nothing was.

    Raises UnknownJobError, JobStateError.
    """
    removed = backend().service.bin
    entries = removed.jobs()
    if beginnings:
        wanted = {the_one([entry.job for entry in entries], beginning, "bin").id for beginning in beginnings}
        entries = [entry for entry in entries if entry.job.id in wanted]
    if not entries:
        print("The bin is empty.")
        return 0
    songs, size = named([entry.job for entry in entries]), in_words(sum(entry.bytes for entry in entries))
    if not sure and not _agreed(f"Delete {songs} and all stems ({size})? This cannot be undone. [y/N] "):
        print("Nothing was deleted. With --yes, nothing is asked.", file=sys.stderr)
        return 1
    removed.delete([entry.job.id for entry in entries])
    print(f"Deleted {songs}: {size}.")
    return 0


def _kept(command: str) -> str:
    return f"Kept in the bin for {KEPT_DAYS} days. To restore: {command}"


def _agreed(question: str) -> bool:
    try:
        return sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _object(entry: RemovedJob) -> dict[str, Any]:
    return as_object(entry.job) | {
        "removed": entry.removed.isoformat(),
        "kept_until": entry.kept_until.isoformat(),
        "bytes": entry.bytes,
    }


def _table(entries: Sequence[RemovedJob]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "Song", "Removed", "Kept until", "Size"):
        table.add_column(heading, no_wrap=heading != "Song")
    for entry in entries:
        days = (f"{moment.astimezone():%Y-%m-%d}" for moment in (entry.removed, entry.kept_until))
        table.add_row(*map(Text, (entry.job.id[:8], title_words(entry.job), *days, in_words(entry.bytes))))
    return table
