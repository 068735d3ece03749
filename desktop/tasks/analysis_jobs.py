"""The Celery task that analyses a song. The work is in `analysis_runner`."""

from functools import cache
from typing import TYPE_CHECKING

from desktop.tasks.celery_app import ANALYSE_TASK, app
from desktop.tasks.draft_watch import DraftWatch
from desktop.tasks.queue import CeleryQueue
from desktop.tasks.redis_client import parse_job_id

if TYPE_CHECKING:
    from desktop.tasks.analysis_runner import AnalysisRunner


# Acknowledged early: reconciliation publishes an analysis that is lost with its worker again.
@app.task(name=ANALYSE_TASK, acks_late=False)
def analyse_song(job_id: object = None, *_: object, **__: object) -> str:
    """Analyse the song of one job. Return "analysed", "interrupted" or "dropped"; raises StorageError."""
    from desktop.tasks.analysis_runner import AnalysisOutcome

    parsed_id = parse_job_id(job_id)
    if parsed_id is None:
        return AnalysisOutcome.DROPPED.value
    outcome = _get_runner().run(parsed_id)
    if outcome is AnalysisOutcome.INTERRUPTED:
        CeleryQueue().publish_analysis(parsed_id)  # behind the drafts
    return outcome.value


@cache
def _get_runner() -> "AnalysisRunner":
    # Imported late: an idle worker does not need numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.paths import find_home
    from desktop.tasks.analysis_runner import AnalysisRunner
    from desktop.tasks.events import RedisEventPublisher

    library = find_home().create_folders()
    return AnalysisRunner(library, JobStore(library), RedisEventPublisher(), DraftWatch())
