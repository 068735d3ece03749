"""`unbraid remove`, `clear`, `restore` and `bin`: move jobs to the bin, restore them, or delete them."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desktop.audio.names import printable
from desktop.cli.formatting import format_title, job_to_json
from desktop.cli.jobs import find_job, open_backend, select_by_id_prefix
from desktop.errors import UnknownJobError
from desktop.jobs.model import BIN_RETENTION_DAYS, Job, RemovedJob
from desktop.jobs.text import format_finished_songs, format_removal
from desktop.text.message import Message, tr, tr_count
from desktop.text.sizes import format_size


def remove_job(id_prefix: str) -> int:
    """Move the job whose id begins with `id_prefix` to the bin. Return the exit status.

    Raises UnknownJobError if there is no such job, JobStateError if the prefix is ambiguous.
    """
    service = open_backend().service
    job = find_job(service, id_prefix)
    if not service.remove_jobs([job.id]):
        raise UnknownJobError(
            Message("Another window or command has just removed this song: {title}", title=format_title(job))
        )
    print(f"{format_removal([job])} {_kept_text(f'unbraid restore {job.id[:8]}')}")
    return 0


def clear_ended_jobs() -> int:
    """Move all ended jobs to the bin. Return the exit status."""
    jobs = open_backend().service.remove_ended_jobs()
    if not jobs:
        print(tr("There are no finished songs to remove."))
    else:
        print(f"{format_removal(jobs, format_finished_songs(jobs))} {_kept_text('unbraid restore --last')}")
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
    if jobs:
        print(_restored_text(jobs))
    elif is_last_removal:
        print(_empty_text())
    else:
        print(tr("Nothing was restored: these songs are no longer in the bin."))
    return 0


def list_bin(as_json: bool) -> int:
    """Print the jobs in the bin with their sizes. Return the exit status."""
    entries = open_backend().service.bin.jobs()
    if as_json:
        print(json.dumps([_removed_job_to_json(entry) for entry in entries]))
    elif not entries:
        print(_empty_text())
    else:
        Console(soft_wrap=True).print(_bin_table(entries))
        print(_total_text([entry.job for entry in entries], sum(entry.size_bytes for entry in entries)))
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
        print(_empty_text())
        return 0
    jobs = [entry.job for entry in entries]
    size_bytes = sum(entry.size_bytes for entry in entries)
    if not is_confirmed and not _confirm(f"{_delete_question(jobs, size_bytes)} [y/N] "):
        print(tr("Nothing was deleted. To delete without being asked, add --yes."), file=sys.stderr)
        return 1
    bin_service.delete([job.id for job in jobs])
    print(_deleted_text(jobs, size_bytes))
    return 0


def _kept_text(command: str) -> str:
    return tr_count(
        "Kept in the bin for {count} day. To restore: {command}",
        "Kept in the bin for {count} days. To restore: {command}",
        BIN_RETENTION_DAYS,
        command=command,
    )


def _empty_text() -> str:
    return tr("The bin is empty.")


def _restored_text(jobs: Sequence[Job]) -> str:
    if len(jobs) == 1:
        return tr("Restored “{title}”.", title=_short_title(jobs[0]))
    return tr_count("Restored {count} song.", "Restored {count} songs.", len(jobs))


def _total_text(jobs: Sequence[Job], size_bytes: int) -> str:
    if len(jobs) == 1:
        return tr(
            "“{title}”, {total:size}. To restore one: unbraid restore ID", title=_short_title(jobs[0]), total=size_bytes
        )
    return tr_count(
        "{count} song, {total:size}. To restore one: unbraid restore ID",
        "{count} songs, {total:size}. To restore one: unbraid restore ID",
        len(jobs),
        total=size_bytes,
    )


def _delete_question(jobs: Sequence[Job], size_bytes: int) -> str:
    if len(jobs) == 1:
        return tr(
            "Delete “{title}” and all stems ({total:size})? This cannot be undone.",
            title=_short_title(jobs[0]),
            total=size_bytes,
        )
    return tr_count(
        "Delete {count} song and all stems ({total:size})? This cannot be undone.",
        "Delete {count} songs and all stems ({total:size})? This cannot be undone.",
        len(jobs),
        total=size_bytes,
    )


def _deleted_text(jobs: Sequence[Job], size_bytes: int) -> str:
    if len(jobs) == 1:
        return tr("Deleted “{title}”: {total:size}.", title=_short_title(jobs[0]), total=size_bytes)
    return tr_count(
        "Deleted {count} song: {total:size}.", "Deleted {count} songs: {total:size}.", len(jobs), total=size_bytes
    )


def _short_title(job: Job) -> str:
    return printable(job.title, 60)


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
    for heading, no_wrap in (
        (tr("ID"), True),
        (tr("Song"), False),
        (tr("Removed"), True),
        (tr("Kept until"), True),
        (tr("Size"), True),
    ):
        table.add_column(Text(heading), no_wrap=no_wrap)
    for entry in entries:
        dates = (f"{moment.astimezone():%Y-%m-%d}" for moment in (entry.removed, entry.kept_until))
        table.add_row(*map(Text, (entry.job.id[:8], format_title(entry.job), *dates, format_size(entry.size_bytes))))
    return table
