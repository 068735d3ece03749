"""The Celery task of the draft worker. Everything it does is in `drafter`."""

from functools import cache
from typing import TYPE_CHECKING

from desktop.tasks.celery_app import DRAFT_TASK, app
from desktop.tasks.job_id import parse_job_id

if TYPE_CHECKING:
    from desktop.tasks.drafter import Drafter


# Taken off the queue at once: a draft that was lost with its worker is asked for again while somebody looks.
@app.task(name=DRAFT_TASK, acks_late=False)
def draft_audio_job(job_id: object = None, *_: object, **__: object) -> str:
    """Draft one job of the library. Return "drafted", or "dropped" when there was nothing to do."""
    known = parse_job_id(job_id)
    return "drafted" if known is not None and _drafter().draft(known) else "dropped"


@cache
def _drafter() -> "Drafter":
    # Here and not above: an idle worker can do without numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.paths import home
    from desktop.tasks.drafter import Drafter
    from desktop.tasks.progress import RedisEvents

    library = home().prepare()
    return Drafter(library, JobStore(library), RedisEvents())
