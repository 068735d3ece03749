"""Keeping of a finished analysis: in the job's folder, and in its row as the user corrected it."""

from contextlib import suppress

from desktop.analysis.edits import apply_edits
from desktop.errors import UnknownJobError
from desktop.jobs.analysis_files import KeptAnalysis, load_edits, save_analysis
from desktop.jobs.model import Job
from desktop.jobs.queue import AnalysisChanged, EventSink
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.store import JobStore
from desktop.paths import Home


def keep_analysis(home: Home, store: JobStore, events: EventSink, job: Job, kept: KeptAnalysis) -> None:
    """Write the analysis of a job's song, and its tempo and key into the row. Raises OSError, StorageError."""
    folder = home.job_folder(job.id)
    save_analysis(folder, kept)
    corrected = apply_edits(kept.analysis, load_edits(folder), job.seconds or 0.0)
    store.analyses.finish(job.id, kept.made_from, corrected.tempo_bpm, corrected.key)
    events.emit(AnalysisChanged(job.id, kept.made_from))
    with suppress(UnknownJobError):  # removed meanwhile
        write_backup_record(home, store.job(job.id))
