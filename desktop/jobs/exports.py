"""Rows of exports: which song is exported next, by which worker, and what came of the songs before.

A worker claims an export for one song, under a new fencing token, and releases it with the result. An export whose
worker was killed goes on with the song that has no result yet.
"""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Update, and_, delete, insert, select, update

from desktop.jobs.database import Database, exports
from desktop.jobs.export_job import (
    AutomaticExport,
    ExportedSong,
    ExportJob,
    ExportState,
    Moves,
    SongResult,
    StoredSettings,
)
from desktop.jobs.model import Job, OwnerDirective
from desktop.jobs.rows import path_from_hex
from desktop.jobs.transitions import LEASE_S
from desktop.runtime.process_identity import current_process_identity, has_exited, is_on_this_machine
from desktop.text.message import Message, message_from_json, message_to_json

MAX_ATTEMPTS = 3
"""Workers that die while they export a song, before Unbraid skips it."""
_RELEASED: dict[str, Any] = {"owner": None, "lease_until": None}


class ExportRecords:
    """Transactions about exports.

    Every method is one short transaction and raises StorageError if the database cannot be read or written. Those with
    an export that was claimed return False, and change nothing, if another worker has claimed it since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, jobs: Sequence[Job], settings: StoredSettings, folder: Path) -> ExportJob:
        """Insert a pending export of the jobs to a folder of this computer, and return it."""
        export_id = str(uuid4())
        with self._database.write() as connection:
            connection.execute(insert(exports).values(_new_values(export_id, jobs, settings, folder)))
            query = select(exports).where(exports.c.id == export_id)
            return _export_from_row(connection.execute(query).mappings().one())

    def all(self) -> list[ExportJob]:
        """Return all exports of this computer, the oldest first."""
        query = select(exports).where(_is_on_this_host()).order_by(exports.c.created)
        with self._database.read() as connection:
            return [_export_from_row(row) for row in connection.execute(query).mappings()]

    def has_unended(self) -> bool:
        """Return True if an export of this computer has not ended."""
        query = select(exports.c.id).where(_is_unended()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def has_due(self) -> bool:
        """Return True if an export waits for a worker."""
        with self._database.read() as connection:
            rows = connection.execute(select(exports).where(_is_unended())).all()
        # The lease of a worker that lives expires, too, if the worker could not write what came of the song.
        return any(_has_lost_owner(row) or not _has_lease(row) for row in rows)

    def claim(self) -> ExportJob | None:
        """Make the calling process the owner of the oldest export that has none, and count an attempt.

        Return None if there is no such export.
        """
        with self._database.write() as connection:
            rows = connection.execute(select(exports).where(_is_unended()).order_by(exports.c.created)).all()
            # A process exports one song at a time: what it owns, it did not finish.
            due = next((row for row in rows if _has_lost_owner(row) or row.owner == current_process_identity()), None)
            if due is None:
                return None
            values = {
                "state": ExportState.RUNNING.value,
                "token": due.token + 1,
                "attempts": due.attempts + 1,
                "owner": current_process_identity(),
                "lease_until": time() + LEASE_S,
            }
            connection.execute(_update(due.id).values(values))
            query = select(exports).where(exports.c.id == due.id)
            return _export_from_row(connection.execute(query).mappings().one())

    def heartbeat(self, export: ExportJob, fraction: float, elapsed_s: float) -> OwnerDirective:
        """Renew the lease, store the progress (0 to 1) and the seconds of work, and return what the owner must do."""
        values = {"fraction": fraction, "elapsed": elapsed_s, "lease_until": time() + LEASE_S}
        with self._database.write() as connection:
            if not connection.execute(_update_owned(export).values(values)).rowcount:
                return OwnerDirective.ABANDON
            query = select(exports.c.cancel_requested).where(exports.c.id == export.id)
            return OwnerDirective.CANCEL if connection.execute(query).scalar() else OwnerDirective.CONTINUE

    def record_moves(self, export: ExportJob, moves: Moves) -> bool:
        """Store which files of the current song are moved to their names now."""
        return self._write(export, moves=json.dumps([[_to_hex(part), _to_hex(target)] for part, target in moves]))

    def record_song(self, export: ExportJob, result: SongResult, fraction: float, elapsed_s: float) -> bool:
        """Store what came of the current song, and release the export; it is done after its last song."""
        results = (*export.results, result)
        is_done = len(results) == len(export.songs)
        return self._write(
            export,
            **_RELEASED,
            results=json.dumps([_result_to_fields(each) for each in results]),
            moves="[]",
            attempts=0,
            fraction=fraction,
            elapsed=elapsed_s,
            state=(ExportState.DONE if is_done else ExportState.RUNNING).value,
        )

    def release(self, export: ExportJob) -> bool:
        """Release the export with the current song unfinished, which is no failed attempt."""
        return self._write(export, **_RELEASED, attempts=export.attempts - 1)

    def end(self, export: ExportJob, state: ExportState, error: Message | None = None) -> bool:
        """End the export before its last song."""
        return self._write(
            export, **_RELEASED, state=state.value, moves="[]", error=message_to_json(error) if error else None
        )

    def request_cancel(self, export_id: str) -> None:
        """Cancel an export: at once if no worker has begun it, else by the worker. One that has ended stays."""
        pending = exports.c.state == ExportState.PENDING.value
        with self._database.write() as connection:
            requested = _update(export_id).where(_is_unended()).values(cancel_requested=True)
            connection.execute(requested)
            connection.execute(_update(export_id).where(pending).values(state=ExportState.CANCELLED.value))

    def forget(self, export_id: str) -> None:
        """Delete an export that has ended and whose result the user has seen."""
        with self._database.write() as connection:
            connection.execute(delete(exports).where(exports.c.id == export_id, ~_is_unended()))

    def release_ended_owners(self) -> list[ExportJob]:
        """Take exports from this process and from exited ones, without a failed attempt.

        Return those that no worker owns then. Use after an orderly shutdown.
        """
        with self._database.write() as connection:
            for row in connection.execute(select(exports).where(_is_unended(), exports.c.owner.is_not(None))).all():
                if row.owner == current_process_identity() or has_exited(row.owner):
                    connection.execute(_update(row.id).values(_RELEASED | {"attempts": row.attempts - 1}))
            query = select(exports).where(_is_unended(), exports.c.owner.is_(None))
            return [_export_from_row(row) for row in connection.execute(query).mappings()]

    def _write(self, export: ExportJob, **values: Any) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(_update_owned(export).values(values)).rowcount)


def insert_automatic_export(connection: Connection, job: Job, export: AutomaticExport) -> None:
    """Insert the automatic export of a job in the transaction that completes the job, so that each has exactly one."""
    values = _new_values(export.id, [job], export.settings, export.folder)
    connection.execute(insert(exports).values(values | {"automatic": True}))


def _new_values(export_id: str, jobs: Sequence[Job], settings: StoredSettings, folder: Path) -> dict[str, Any]:
    return {
        "id": export_id,
        "created": time(),
        "host": platform.node(),
        "songs": json.dumps([[job.id, job.title, job.seconds] for job in jobs]),
        "settings": settings.to_json().decode(),
        "folder": _to_hex(folder),
        "state": ExportState.PENDING.value,
    }


def _update(export_id: str) -> Update:
    return update(exports).where(exports.c.id == export_id)


def _update_owned(export: ExportJob) -> Update:
    return _update(export.id).where(exports.c.token == export.token, _is_unended())


def _is_on_this_host() -> ColumnElement[bool]:
    return exports.c.host == platform.node()


def _is_unended() -> ColumnElement[bool]:
    states = [state.value for state in ExportState if not state.has_ended]
    return and_(_is_on_this_host(), exports.c.state.in_(states))


def _has_lost_owner(row: Row[Any]) -> bool:
    """Return True if no worker owns the export, or its worker has died.

    A worker with another identity of the machine ran before the computer was started again, or in another container:
    it counts as alive until its lease expires, by the clock that they share.
    """
    if row.owner is None or has_exited(row.owner):
        return True
    return not is_on_this_machine(row.owner) and not _has_lease(row)


def _has_lease(row: Row[Any]) -> bool:
    # A lease further ahead was written before the clock was set back.
    return row.lease_until is not None and time() <= row.lease_until <= time() + LEASE_S


def _export_from_row(row: RowMapping) -> ExportJob:
    return ExportJob(
        id=row["id"],
        created=datetime.fromtimestamp(row["created"], UTC),
        songs=tuple(ExportedSong(*fields) for fields in json.loads(row["songs"])),
        settings_json=row["settings"].encode(),
        folder=path_from_hex(row["folder"]),
        state=ExportState(row["state"]),
        results=tuple(_result_from_fields(fields) for fields in json.loads(row["results"])),
        fraction=row["fraction"],
        elapsed_s=row["elapsed"],
        cancel_requested=row["cancel_requested"],
        error=message_from_json(row["error"]) if row["error"] else None,
        token=row["token"],
        attempts=row["attempts"],
        moves=tuple((path_from_hex(part), path_from_hex(target)) for part, target in json.loads(row["moves"])),
        is_automatic=row["automatic"],
    )


def _result_to_fields(result: SongResult) -> dict[str, Any]:
    return {
        "title": result.title,
        "files": [_to_hex(path) for path in result.files],
        "reason": message_to_json(result.reason) if result.reason else None,
    }


def _result_from_fields(fields: dict[str, Any]) -> SongResult:
    files = tuple(path_from_hex(path) for path in fields["files"])
    reason = message_from_json(fields["reason"]) if fields["reason"] else None
    return SongResult(fields["title"], files, reason)


def _to_hex(path: Path) -> str:
    return os.fsencode(path).hex()
