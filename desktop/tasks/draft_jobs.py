"""The Celery task of the draft worker. Everything it does is in `drafter`."""

from functools import cache
from typing import TYPE_CHECKING

from desktop.tasks.celery_app import DRAFT_TASK, app
from desktop.tasks.redis_client import parse_job_id

if TYPE_CHECKING:
    from desktop.tasks.draft_runner import DraftRunner


# Taken off the queue at once: a draft that was lost with its worker is asked for again while somebody looks.
@app.task(name=DRAFT_TASK, acks_late=False)
def draft_audio_job(job_id: object = None, *_: object, **__: object) -> str:
    """Draft one job of the library. Return "drafted", or "dropped" when there was nothing to do."""
    parsed_id = parse_job_id(job_id)
    return "drafted" if parsed_id is not None and _get_runner().run(parsed_id) else "dropped"


@cache
def _get_runner() -> "DraftRunner":
    # Here and not above: an idle worker can do without numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.paths import find_home
    from desktop.tasks.draft_runner import DraftRunner
    from desktop.tasks.events import RedisEventPublisher

    library = find_home().create_folders()
    return DraftRunner(library, JobStore(library), RedisEventPublisher())
