"""What may stand for a job in a message."""

from uuid import UUID


def parse_job_id(value: object) -> str | None:
    """Return the canonical form of a UUID, however it is written; None for anything else: that never meets a path."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
