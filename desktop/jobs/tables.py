"""The library's tables, as SQLAlchemy knows them. Only `jobs.store` imports them."""

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table

metadata = MetaData()

queue = Table("queue", metadata, Column("paused", Boolean, nullable=False))
"""One row: what holds for all jobs."""

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
    # The most finished segments that any crash left behind.
    Column("kept", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False, default=False),
    # How often a failure that may pass made it wait, and until when it waits.
    Column("retries", Integer, nullable=False, default=0),
    Column("not_before", Float),
    # It is to be separated in less memory, since there was not enough.
    Column("sparing", Boolean, nullable=False, default=False),
    # How many processes the system had ended for want of memory when the owner took the job.
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
    # Who holds the job, as `jobs.owner` writes it, and until when it is believed without a sign of life.
    Column("owner", String),
    Column("lease_until", Float),
    # While the song is separated again: the result of its last completed run, as `jobs.results` writes it.
    Column("earlier", String),
    # How the last attempt to separate it again ended, when it made no stems: a state, and the reason of a failure.
    Column("attempt", String),
    Column("attempt_error", String),
    # When it was moved to the bin.
    Column("removed", Float),
    # SHA-256 of the track, in hexadecimal digits; of jobs of earlier versions only once it was asked for.
    Column("digest", String),
)
