"""Names of job folders: that of the song, so that users find it among the files of the library."""

import logging

from desktop.audio.names import song_file_name
from desktop.errors import StorageError
from desktop.job_folders import JobFolder
from desktop.jobs.model import Job
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock

# Short, because a path may have 260 characters on Windows, and the copied track keeps a name of up to 120 bytes.
_MAX_NAME_BYTES = 72
_log = logging.getLogger(__name__)


def name_job_folder(home: Home, job: Job) -> JobFolder:
    """Name the folder of a job that no process works on by its song, unless it has a name. Return the folder.

    A folder that cannot be renamed keeps its name, which is logged.
    """
    try:
        return _rename(home, job)
    except OSError as error:
        _log.warning("The folder of job %s is not named by the song: %s", job.id, error)
        return home.job_folder(job.id)


def name_job_folders(home: Home, store: JobStore) -> None:
    """Name the folders of all jobs of earlier versions, unless a process works in the library.

    Every folder is renamed in one step, so an interrupted call is continued by the next one. Folders that cannot be
    renamed, and those of processing jobs, keep their names until then. Nothing is raised; failures are logged.
    """
    if not home.job_folders.list_unnamed():
        return
    lock = FileLock(home.supervisor_lock)
    try:
        # The transaction is before the lock: a second process waits here until the first has named the folders.
        with store.idle_jobs() as jobs:
            if lock.acquire():
                _rename_all(home, jobs)
    except (OSError, StorageError) as error:
        _log.warning("Job folders are not named by their songs: %s", error)
    finally:
        lock.release()


def _rename_all(home: Home, jobs: list[Job]) -> None:
    unnamed, errors = home.job_folders.list_unnamed(), list[OSError]()
    unnamed_jobs = [job for job in jobs if job.id in unnamed]
    for job in unnamed_jobs:
        try:
            _rename(home, job)
        except OSError as error:
            errors.append(error)
    _log.info("Job folders named by their songs: %s", len(unnamed_jobs) - len(errors))
    if errors:
        _log.warning("Job folders that are not named by their songs: %s. First error: %s", len(errors), errors[0])


def _rename(home: Home, job: Job) -> JobFolder:
    def make_name(ending: str) -> str:
        return song_file_name(job.artist, job.title, _MAX_NAME_BYTES - len(ending)) + ending

    return home.job_folders.rename(job.id, make_name)
