"""The Celery task of the draft worker. The work is in `draft_runner`."""

from functools import cache
from typing import TYPE_CHECKING

from desktop.tasks.celery_app import DRAFT_TASK, app
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.redis_client import parse_job_id

if TYPE_CHECKING:
    from desktop.tasks.draft_runner import DraftRunner


# Acknowledged early: a draft that is lost with its worker is requested again while its player is open.
@app.task(name=DRAFT_TASK, acks_late=False)
def draft_audio_job(job_id: object = None, *_: object, **__: object) -> str:
    """Make the draft of one job. Return "drafted", or "dropped" if no draft was made."""
    parsed_id = parse_job_id(job_id)
    if parsed_id is None or not _get_runner().run(parsed_id):
        return "dropped"
    CeleryQueue().publish_analysis(parsed_id)
    return "drafted"


@cache
def _get_runner() -> "DraftRunner":
    # Imported late: an idle worker does not need numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.paths import find_home
    from desktop.tasks.draft_runner import DraftRunner
    from desktop.tasks.events import RedisEventPublisher

    library = find_home().create_folders()
    return DraftRunner(library, JobStore(library), RedisEventPublisher())
