"""Rows of analysed songs: which song is analysed next, and the tempo and key that were found or corrected.

The analysis itself is a file (`analysis_files`). The row has what the list of songs shows and sorts by.
"""

from sqlalchemy import ColumnElement, and_, or_, select, update

from desktop.analysis.harmony import Key
from desktop.jobs.database import Database, jobs
from desktop.jobs.model import AnalysisInput, Job, JobState
from desktop.jobs.rows import job_from_row
from desktop.jobs.transitions import in_library, in_state, update_job
from desktop.paths import Home

MAX_ATTEMPTS = 3
"""Analyses that are started for a song without finishing, before Unbraid gives up until its next separation."""


class AnalysisRecords:
    """Transactions about the analyses of songs.

    Every method is one short transaction and raises StorageError if the database cannot be read or written.
    """

    def __init__(self, home: Home, database: Database) -> None:
        self._home = home
        self._database = database

    def next_due(self) -> Job | None:
        """Return the newest song that has stems and no analysis of them; None if there is none."""
        has_result = or_(in_state(JobState.COMPLETED), jobs.c.earlier.is_not(None))
        query = select(jobs).where(in_library(), has_result, _lacks(AnalysisInput.STEMS), _may_be_tried())
        with self._database.read() as connection:
            row = connection.execute(query.order_by(jobs.c.ended.desc()).limit(1)).mappings().first()
            return job_from_row(self._home, row) if row else None

    def begin(self, job_id: str, made_from: AnalysisInput) -> bool:
        """Count an attempt, so that a song that ends its worker's process is not analysed forever.

        Return False if the song has such an analysis already, was tried too often, or is not in the library.
        """
        is_due = and_(jobs.c.id == job_id, in_library(), _lacks(made_from), _may_be_tried())
        with self._database.write() as connection:
            counted = update(jobs).where(is_due).values(analysis_attempts=jobs.c.analysis_attempts + 1)
            return bool(connection.execute(counted).rowcount)

    def interrupt(self, job_id: str) -> None:
        """Take back the attempt of `begin`: the analysis was stopped and is made later."""
        with self._database.write() as connection:
            connection.execute(update_job(job_id).values(analysis_attempts=jobs.c.analysis_attempts - 1))

    def finish(self, job_id: str, made_from: AnalysisInput, tempo_bpm: float | None, key: Key | None) -> None:
        """Store tempo and key of a finished analysis, unless the song has had such an analysis or a better one before."""
        values = _tempo_and_key_values(tempo_bpm, key) | {"analysed": made_from.value, "analysis_attempts": 0}
        condition = and_(jobs.c.id == job_id, _lacks(made_from))
        with self._database.write() as connection:
            connection.execute(update(jobs).where(condition).values(values))

    def forget(self, job_id: str) -> bool:
        """Have a song analysed again, whose analysis is lost. Return False if there is no such job."""
        with self._database.write() as connection:
            return bool(connection.execute(update_job(job_id).values(analysed=None)).rowcount)

    def set_tempo_and_key(self, job_id: str, tempo_bpm: float | None, key: Key | None) -> bool:
        """Store the tempo and the key as the user corrected them. Return False if there is no such job."""
        with self._database.write() as connection:
            corrected = update_job(job_id).values(_tempo_and_key_values(tempo_bpm, key))
            return bool(connection.execute(corrected).rowcount)


def _lacks(made_from: AnalysisInput) -> ColumnElement[bool]:
    """Return the condition that the song has no analysis, or one that an analysis of `made_from` replaces."""
    is_unknown = jobs.c.analysed.is_(None)
    return is_unknown if made_from is AnalysisInput.DRAFT else or_(is_unknown, jobs.c.analysed != made_from.value)


def _may_be_tried() -> ColumnElement[bool]:
    return jobs.c.analysis_attempts < MAX_ATTEMPTS


def _tempo_and_key_values(tempo_bpm: float | None, key: Key | None) -> dict[str, object]:
    return {"tempo_bpm": tempo_bpm, "key": key.name if key else None}
