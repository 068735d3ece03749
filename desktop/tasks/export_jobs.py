"""The Celery task that exports the next song. The work is in `export_runner`."""

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import redis

from desktop.tasks.celery_app import EXPORT_TASK, app
from desktop.tasks.draft_watch import DraftWatch
from desktop.tasks.queue import CeleryQueue

if TYPE_CHECKING:
    from desktop.tasks.export_runner import ExportRunner


# Acknowledged early: reconciliation publishes a message for an export that is lost with its worker again.
@app.task(name=EXPORT_TASK, acks_late=False)
def export_next_song(*_: object, **__: object) -> str:
    """Export one song of the oldest export that waits. Return the `ExportOutcome`; raises StorageError.

    One song for each message: drafts and analyses that wait get their turn between two songs.
    """
    from desktop.tasks.export_runner import ExportOutcome

    outcome = _get_runner().run()
    if outcome is not ExportOutcome.DROPPED:
        queue = CeleryQueue()
        with suppress(redis.RedisError):
            if not queue.has_waiting_exports():
                queue.publish_export()
    return outcome.value


@cache
def _get_runner() -> "ExportRunner":
    # Imported late: an idle worker does not need numpy, scipy and FFmpeg.
    from desktop.jobs.store import JobStore
    from desktop.paths import find_home
    from desktop.tasks.events import RedisEventPublisher
    from desktop.tasks.export_runner import ExportRunner

    library = find_home().create_folders()
    return ExportRunner(library, JobStore(library), RedisEventPublisher(), DraftWatch())
