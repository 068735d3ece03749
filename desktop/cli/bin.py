"""`unbraid remove`, `clear`, `restore` and `bin`: songs that were removed, and how they come back or are deleted."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.cli.formatting import format_title, job_to_json
from desktop.cli.jobs import find_job, open_backend, select_by_id_prefix
from desktop.errors import UnknownJobError
from desktop.jobs.model import BIN_RETENTION_DAYS, RemovedJob
from desktop.jobs.text import format_removal, format_songs
from desktop.text.sizes import format_size


def remove_job(id_prefix: str) -> int:
    """Move the job whose id begins so to the bin. Raises UnknownJobError, JobStateError."""
    service = open_backend().service
    job = find_job(service, id_prefix)
    if not service.remove_jobs([job.id]):
        raise UnknownJobError(f"Another window or command has just removed this song: {format_title(job)}")
    print(f"{format_removal([job])} {_kept_text(f'unbraid restore {job.id[:8]}')}")
    return 0


def clear_ended_jobs() -> int:
    """Move the jobs that have ended to the bin."""
    jobs = open_backend().service.remove_ended_jobs()
    if not jobs:
        print("There are no finished songs to remove.")
    else:
        print(f"{format_removal(jobs, 'finished')} {_kept_text('unbraid restore --last')}")
    return 0


def restore_jobs(id_prefixes: Sequence[str], is_last_removal: bool) -> int:
    """Put the jobs whose ids begin so back into the library, or all of the `last` removal.

    Raises UnknownJobError, JobStateError.
    """
    removed = open_backend().service.bin
    ids = [
        select_by_id_prefix([entry.job for entry in removed.jobs()], beginning, "bin").id for beginning in id_prefixes
    ]
    jobs = removed.restore(None if is_last_removal else ids)
    empty_text = (
        "The bin is empty." if is_last_removal else "Nothing was restored: these songs are not in the bin any more."
    )
    print(f"Restored {format_songs(jobs)}." if jobs else empty_text)
    return 0


def list_bin(as_json: bool) -> int:
    """Print what is in the bin, with sizes."""
    entries = open_backend().service.bin.jobs()
    if as_json:
        print(json.dumps([_removed_job_to_json(entry) for entry in entries]))
    elif not entries:
        print("The bin is empty.")
    else:
        Console(soft_wrap=True).print(_bin_table(entries))
        total = format_size(sum(entry.size_bytes for entry in entries))
        print(f"{format_songs([entry.job for entry in entries])}, {total}. To restore one: unbraid restore ID")
    return 0


def delete_removed_jobs(id_prefixes: Sequence[str], is_confirmed: bool) -> int:
    """Delete the jobs in the bin whose ids begin so, or all; asks first, unless `sure`. Returns 1 when nothing was.

    Raises UnknownJobError, JobStateError.
    """
    removed = open_backend().service.bin
    entries = removed.jobs()
    if id_prefixes:
        wanted = {
            select_by_id_prefix([entry.job for entry in entries], beginning, "bin").id for beginning in id_prefixes
        }
        entries = [entry for entry in entries if entry.job.id in wanted]
    if not entries:
        print("The bin is empty.")
        return 0
    songs, size = (
        format_songs([entry.job for entry in entries]),
        format_size(sum(entry.size_bytes for entry in entries)),
    )
    if not is_confirmed and not _confirm(f"Delete {songs} and all stems ({size})? This cannot be undone. [y/N] "):
        print("Nothing was deleted. With --yes, nothing is asked.", file=sys.stderr)
        return 1
    removed.delete([entry.job.id for entry in entries])
    print(f"Deleted {songs}: {size}.")
    return 0


def _kept_text(command: str) -> str:
    return f"Kept in the bin for {BIN_RETENTION_DAYS} days. To restore: {command}"


def _confirm(question: str) -> bool:
    try:
        return sys.stdin.isatty() and input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _removed_job_to_json(entry: RemovedJob) -> dict[str, Any]:
    return job_to_json(entry.job) | {
        "removed": entry.removed.isoformat(),
        "kept_until": entry.kept_until.isoformat(),
        "bytes": entry.size_bytes,
    }


def _bin_table(entries: Sequence[RemovedJob]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("ID", "Song", "Removed", "Kept until", "Size"):
        table.add_column(heading, no_wrap=heading != "Song")
    for entry in entries:
        days = (f"{moment.astimezone():%Y-%m-%d}" for moment in (entry.removed, entry.kept_until))
        table.add_row(*map(Text, (entry.job.id[:8], format_title(entry.job), *days, format_size(entry.size_bytes))))
    return table
