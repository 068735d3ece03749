"""What may stand for a job in a message."""

from uuid import UUID


def is_job_id(text: object) -> bool:
    """True for a UUID in its canonical form: nothing else ever meets a path."""
    try:
        return isinstance(text, str) and str(UUID(text)) == text
    except ValueError:
        return False
