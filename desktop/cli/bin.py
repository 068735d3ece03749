"""`unbraid remove`, `clear`, `restore` and `bin`: move jobs to the bin, restore them, or delete them."""

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
    """Move the job whose id begins with `id_prefix` to the bin. Return the exit status.

    Raises UnknownJobError if there is no such job, JobStateError if the prefix is ambiguous.
    """
    service = open_backend().service
    job = find_job(service, id_prefix)
    if not service.remove_jobs([job.id]):
        raise UnknownJobError(f"Another window or command has just removed this song: {format_title(job)}")
    print(f"{format_removal([job])} {_kept_text(f'unbraid restore {job.id[:8]}')}")
    return 0


def clear_ended_jobs() -> int:
    """Move all ended jobs to the bin. Return the exit status."""
    jobs = open_backend().service.remove_ended_jobs()
    if not jobs:
        print("There are no finished songs to remove.")
    else:
        print(f"{format_removal(jobs, 'finished')} {_kept_text('unbraid restore --last')}")
    return 0


def restore_jobs(id_prefixes: Sequence[str], is_last_removal: bool) -> int:
    """Restore the jobs whose ids begin with `id_prefixes`, or all jobs of the last removal.

    Return the exit status. Raises UnknownJobError if there is no such job in the bin, JobStateError if a prefix is
    ambiguous.
    """
    bin_service = open_backend().service.bin
    ids = [
        select_by_id_prefix([entry.job for entry in bin_service.jobs()], id_prefix, "bin").id
        for id_prefix in id_prefixes
    ]
    jobs = bin_service.restore(None if is_last_removal else ids)
    empty_text = (
        "The bin is empty." if is_last_removal else "Nothing was restored: these songs are no longer in the bin."
    )
    print(f"Restored {format_songs(jobs)}." if jobs else empty_text)
    return 0


def list_bin(as_json: bool) -> int:
    """Print the jobs in the bin with their sizes. Return the exit status."""
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
    """Delete the jobs in the bin whose ids begin with `id_prefixes`, or all jobs if there are none.

    Asks for confirmation unless `is_confirmed`. Return 0, or 1 if the user did not confirm. Raises UnknownJobError if
    there is no such job in the bin, JobStateError if a prefix is ambiguous.
    """
    bin_service = open_backend().service.bin
    entries = bin_service.jobs()
    if id_prefixes:
        wanted_ids = {
            select_by_id_prefix([entry.job for entry in entries], id_prefix, "bin").id for id_prefix in id_prefixes
        }
        entries = [entry for entry in entries if entry.job.id in wanted_ids]
    if not entries:
        print("The bin is empty.")
        return 0
    songs = format_songs([entry.job for entry in entries])
    size = format_size(sum(entry.size_bytes for entry in entries))
    if not is_confirmed and not _confirm(f"Delete {songs} and all stems ({size})? This cannot be undone. [y/N] "):
        print("Nothing was deleted. To delete without being asked, add --yes.", file=sys.stderr)
        return 1
    bin_service.delete([entry.job.id for entry in entries])
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
        dates = (f"{moment.astimezone():%Y-%m-%d}" for moment in (entry.removed, entry.kept_until))
        table.add_row(*map(Text, (entry.job.id[:8], format_title(entry.job), *dates, format_size(entry.size_bytes))))
    return table
