"""Create rows directly that the app never writes, or writes only slowly."""

from sqlalchemy import create_engine, text

from desktop.jobs.model import Job, Stem
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.process_identity import machine_id
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job


def claim_job(store: JobStore, job: Job | None = None) -> Job:
    """Claim the job, or a new one, for this process, and return it."""
    claimed_job = store.ownership.claim((job or store.insert(make_job())).id)
    assert claimed_job is not None
    return claimed_job


def complete_job(home: Home, store: JobStore, job: Job | None = None) -> Job:
    """Complete the job, or a new one, with two stem files as its owner would, and return it."""
    owned = claim_job(store, job)
    run = home.job_folder(owned.id).result_folder(owned.token)
    run.mkdir(parents=True)
    stems = tuple(Stem(name, run / f"{name}.flac", run / f"{name}.peaks") for name in ("vocals", "drums"))
    for stem in stems:
        stem.path.write_bytes(f"{stem.name} of run {owned.token}".encode())
    details = {"seconds": 5.0, "sample_rate": 44100, "channels": 2, "frames": 220500, "null_dbfs": -300.0}
    store.ownership.record_details(owned, model_used="htdemucs", runtime="torch")
    assert store.ownership.complete(owned, stems, (verbatim("A notice."),), elapsed=7.0, **details)
    done = store.job(owned.id)
    write_backup_record(home, done)
    return done


def update_rows(home: Home, assignments: str, job: Job | None = None, **parameters: object) -> None:
    """Apply the SQL `assignments` to the row of a job, or to all rows."""
    engine = create_engine(f"sqlite:///{home.database}")
    where = "" if job is None else " WHERE id = :id"
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE jobs SET {assignments}{where}"), parameters | ({} if job is None else {"id": job.id})
        )
    engine.dispose()


def simulate_dead_owner(home: Home, job: Job) -> None:
    """Set a process that does not exist as the owner, as after a kill -9."""
    update_rows(home, "owner = :owner", job, owner=f"{machine_id()}/999999/0")


def simulate_remote_owner(home: Home, job: Job, machine_id: str = "elsewhere") -> None:
    """Set a process of another machine, whose state is unknown here, as the owner."""
    update_rows(home, "owner = :owner", job, owner=f"{machine_id}/1/1")
