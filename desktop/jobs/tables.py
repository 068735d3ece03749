"""SQLAlchemy tables of the library. Only `store`, `ownership` and `transitions` import them."""

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table

metadata = MetaData()

queue = Table("queue", metadata, Column("paused", Boolean, nullable=False))
"""Single row with the state of the whole queue."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("title", String, nullable=False),
    Column("artist", String, nullable=False),
    Column("album", String, nullable=False),
    # Hex of the path's bytes: a file name need not be valid text.
    Column("source", String, nullable=False),
    # JobOptions as JSON.
    Column("options", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("added", Float, nullable=False),
    Column("token", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    # Highest number of finished segments that any crash left.
    Column("kept", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    # Number of retries after transient failures, and the time of the next one.
    Column("retries", Integer, nullable=False, default=0),
    Column("not_before", Float),
    # True if the job is separated in low memory, because memory ran out.
    Column("sparing", Boolean, nullable=False, default=False),
    # Value of `oom_kill_count` when the owner claimed the job.
    Column("memory_kills", Integer),
    Column("stage", String),
    Column("progress", Float, nullable=False),
    Column("elapsed", Float, nullable=False),
    Column("left", Float),
    Column("seconds", Float),
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("frames", Integer),
    Column("model_used", String),
    Column("runtime", String),
    Column("null_dbfs", Float),
    # List of sentences as JSON.
    Column("notices", String, nullable=False),
    Column("error", String),
    Column("started", Float),
    Column("ended", Float),
    # List of stems as JSON, paths relative to the job's folder.
    Column("stems", String, nullable=False),
    # The owner as `current_process_identity` names it, and the time until which it is believed without a heartbeat.
    Column("owner", String),
    Column("lease_until", Float),
    # While the track is separated again: the result of the last completed run, as `jobs.rows` writes it.
    Column("earlier", String),
    # If the last attempt to separate again made no stems: its state, and the reason of a failure.
    Column("attempt", String),
    Column("attempt_error", String),
    # Time of the move to the bin.
    Column("removed", Float),
    # SHA-256 of the track in hexadecimal digits. Jobs of earlier versions get it once it is needed.
    Column("digest", String),
)
