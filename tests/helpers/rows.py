"""Rows as the app never writes them by itself, or not as quickly."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from desktop.jobs.model import Job, JobOptions, JobState, Stem
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.process_identity import machine_id


def make_new_job(name: str = "song.wav", options: JobOptions | None = None) -> Job:
    """A job that was not added yet."""
    return Job(
        id=str(uuid4()),
        state=JobState.PENDING,
        title="A song",
        artist="",
        album="",
        source=Path("/music") / name,
        options=options or JobOptions(),
        position=0,
        added=datetime.now(UTC),
    )


def claim_job(store: JobStore, job: Job | None = None) -> Job:
    """The job, or a new one, taken by this process."""
    claimed_job = store.claim((job or store.insert(make_new_job())).id)
    assert claimed_job is not None
    return claimed_job


def complete_job(home: Home, store: JobStore, job: Job | None = None) -> Job:
    """The job, or a new one, with two stems on the disk, as its owner leaves it."""
    owned = claim_job(store, job)
    run = home.job_folder(owned.id).result_folder(owned.token)
    run.mkdir(parents=True)
    stems = tuple(Stem(name, run / f"{name}.flac", run / f"{name}.peaks") for name in ("vocals", "drums"))
    for stem in stems:
        stem.path.write_bytes(f"{stem.name} of run {owned.token}".encode())
    known = {"seconds": 5.0, "sample_rate": 44100, "channels": 2, "frames": 220500, "null_dbfs": -300.0}
    store.record_details(owned, model_used="htdemucs", runtime="torch")
    assert store.complete(owned, stems, ("A notice.",), elapsed=7.0, **known)
    done = store.job(owned.id)
    write_backup_record(home, done)
    return done


def update_rows(home: Home, assignments: str, job: Job | None = None, **parameters: object) -> None:
    """Write `values`, as SQL sets them, into the row of a job, or into all."""
    engine = create_engine(f"sqlite:///{home.database}")
    where = "" if job is None else " WHERE id = :id"
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE jobs SET {assignments}{where}"), parameters | ({} if job is None else {"id": job.id})
        )
    engine.dispose()


def simulate_dead_owner(home: Home, job: Job) -> None:
    """As after a kill -9: the row names a process that is no more."""
    update_rows(home, "owner = :owner", job, owner=f"{machine_id()}/999999/0")


def simulate_remote_owner(home: Home, job: Job, machine_id: str = "elsewhere") -> None:
    """As if the job were in work on another machine, whose processes cannot be seen from here."""
    update_rows(home, "owner = :owner", job, owner=f"{machine_id}/1/1")
