"""The folders of jobs: which folder is that of a job, and the files in it."""

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from stat import S_ISREG
from uuid import UUID, uuid4

_SHORT_ID_LENGTH = 8
_ID_PATTERN = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME_PATTERN = re.compile(rf".+ \[({_ID_PATTERN.pattern}|[0-9a-f]{{{_SHORT_ID_LENGTH}}})\]", re.DOTALL)


@dataclass(frozen=True)
class JobFolder:
    """Files of one job."""

    root: Path

    @property
    def source(self) -> Path:
        """The folder with the added track, copied byte for byte."""
        return self.root / "source"

    @property
    def backup_record(self) -> Path:
        """A copy of the job's database row as JSON, used to rebuild a damaged database."""
        return self.root / "job.json"

    @property
    def mixture_peaks(self) -> Path:
        """The peak pyramid of the mixture."""
        return self.root / "mixture.peaks"

    @property
    def cover(self) -> Path:
        """The cover picture from the track's tags, if there is one."""
        return self.root / "cover"

    @property
    def song_state(self) -> Path:
        """State in which the user left the song in the player, as JSON."""
        return self.root / "player.json"

    @property
    def analysis(self) -> Path:
        """What the analysis found in the song, as JSON; missing until it was analysed."""
        return self.root / "analysis.json"

    @property
    def lyrics(self) -> Path:
        """The lyrics that were found when the track was added, as LRC."""
        return self.root / "lyrics.lrc"

    @property
    def segments(self) -> Path:
        """Finished segments of a processing job, one folder for each request; deleted when the job ends."""
        return self.root / "segments"

    @property
    def draft(self) -> Path:
        """Segments of the draft, played until the model's segments exist; deleted together with them."""
        return self.root / "draft"

    @property
    def draft_attempts(self) -> Path:
        """The number of drafts that were started but neither finished nor abandoned: their worker crashed."""
        return self.root / "draft.tries"

    def count_finished_segments(self) -> int:
        """Return the number of finished segments: `desktop.segments.store` uses this suffix only for complete files."""
        return sum(1 for _ in self.segments.glob("*/*.float32"))

    def total_bytes(self) -> int:
        """Return the total size of all files in bytes."""
        return sum(size for path in self.root.rglob("*") if (size := _file_size(path)))

    def delete_work_files(self) -> None:
        """Delete the files that only an unfinished job needs: its segments, its draft and unfinished peaks.

        Files that cannot be deleted now, for example because the disk is disconnected, are deleted at the next start.
        """
        # The draft first: if only the draft were left, the player would play it in place of the model's stems.
        for folder in (self.draft, self.segments):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            for file in (self.draft_attempts, *self.root.glob("*.peaks.part")):
                file.unlink(missing_ok=True)

    def result_folders(self) -> list[tuple[int, Path]]:
        """Return every run's fencing token and folder."""
        return [(int(run.name[4:]), run) for run in self.root.glob("run-*") if run.name[4:].isdecimal()]

    def result_folder(self, token: int) -> Path:
        """Return the folder where the owner of this fencing token writes; the commit of the job's row publishes it."""
        return self.root / f"run-{token}"


class JobFolders:
    """Index of the job folders of a library, which finds the folder of a job without the database.

    A folder is named by the song and ends with the first characters of the job's id, "Artist - Title [a4043c43]", or
    with the whole id if another folder has the same first characters. Until it gets this name, it is named by the id.

    Safe to use from any thread. Other processes add, name and delete folders at any time. The index lists the folder
    `jobs` at the first question, and again for a job that it does not know: once for each, because not every file system
    tells in time that `jobs` has changed, and later whenever it has changed. No folder gets a second name.
    """

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self._by_short_id: dict[str, dict[str, Path]] = {}
        """For the first characters of an id: all folders of such ids, by the part of the id in their names."""
        self._listed_change_ns: int | None = None
        """Time of the last change of `jobs` before it was listed; None until then."""
        self._missing_ids: set[str] = set()
        """Ids of the jobs for which `jobs` was listed again and had no folder."""

    def find(self, job_id: str) -> JobFolder:
        """Return the folder of a job, which may not exist. Raises ValueError if `job_id` is not a UUID."""
        job_id = str(UUID(job_id))
        if self._listed_change_ns is None:
            self._list()
        unnamed, named = self._jobs / job_id, self._find_named(job_id)
        if named is None and not unnamed.is_dir():  # another process may have named it
            named = self._search_named(job_id)
        return JobFolder(named or unnamed)

    def create_id(self) -> str:
        """Return an id for a new job, whose first characters are in the name of no other folder."""
        self._list()
        while short_id(job_id := str(uuid4())) in self._by_short_id:
            pass
        return job_id

    def list_unnamed(self) -> set[str]:
        """Return the ids of all jobs whose folders are named by the id."""
        self._list()
        folders = (folder for same_start in self._by_short_id.values() for folder in same_start.values())
        return {folder.name for folder in folders if _ID_PATTERN.fullmatch(folder.name)}

    def rename(self, job_id: str, make_name: Callable[[str], str]) -> JobFolder:
        """Give the folder of a job its name, unless it has one, and return the folder.

        `make_name` returns the name for its ending, such as " [a4043c43]". Raises OSError if the folder cannot be
        renamed or the name is taken; then it keeps its name.
        """
        folder = self.find(job_id)
        if folder.root.name != job_id:
            return folder
        same_start = self._by_short_id.setdefault(short_id(job_id), {})
        named_id = job_id if same_start.keys() - {job_id} else short_id(job_id)
        named = folder.root.with_name(make_name(f" [{named_id}]"))
        folder.root.rename(named)
        same_start[named_id] = named
        if named_id != job_id:
            same_start.pop(job_id, None)
        return JobFolder(named)

    def _search_named(self, job_id: str) -> Path | None:
        if job_id in self._missing_ids and self._listed_change_ns == _change_time_ns(self._jobs):
            return None
        if self._list():
            self._missing_ids.add(job_id)
        return self._find_named(job_id)

    def _find_named(self, job_id: str) -> Path | None:
        same_start = self._by_short_id.get(short_id(job_id), {})
        whole, short = same_start.get(job_id), same_start.get(short_id(job_id))
        if whole is not None and whole.name != job_id:
            return whole
        if short is None or len(same_start) == 1:
            return short
        owner_id = _recorded_id(JobFolder(short))
        is_owner = job_id not in same_start if owner_id is None else owner_id == job_id
        return short if is_owner else None

    def _list(self) -> bool:
        """List the folder `jobs`. Return False if that is impossible now: it is missing, or its disk is disconnected."""
        # The time is read first, so that a change during the listing counts as one after it.
        change_ns = _change_time_ns(self._jobs)
        by_short_id: dict[str, dict[str, Path]] = {}
        try:
            with os.scandir(self._jobs) as entries:
                names = sorted(entry.name for entry in entries if _is_folder(entry))
        except OSError:
            return False
        for name in names:
            if job_id := id_in_folder_name(name):
                same_start = by_short_id.setdefault(short_id(job_id), {})
                # Of copies, which the user may have made, every process takes the first.
                if same_start.get(job_id, Path(job_id)).name == job_id:
                    same_start[job_id] = self._jobs / name
        self._by_short_id, self._listed_change_ns = by_short_id, change_ns
        return True


@cache
def job_folders_in(jobs: Path) -> JobFolders:
    """Return this process's index of the folder `jobs` of a library."""
    return JobFolders(jobs)


def short_id(job_id: str) -> str:
    """Return the first characters of a job's id, which identify its folder if no other id begins with them."""
    return job_id[:_SHORT_ID_LENGTH]


def complete_id(id_or_start: str) -> str:
    """Return the id of a new job whose id begins with the characters of `short_id`; a whole id is returned unchanged."""
    return str(UUID(id_or_start.replace("-", "") + uuid4().hex[len(id_or_start) :]))


def id_in_folder_name(name: str) -> str | None:
    """Return the id of a job in the name of its folder, or its first characters; None if it is no job's folder."""
    if match := _NAME_PATTERN.fullmatch(name):
        return match[1]
    return name if _ID_PATTERN.fullmatch(name) else None


def _recorded_id(folder: JobFolder) -> str | None:
    """Return the id in the backup record of a job; None if it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(folder.backup_record.read_bytes())["id"])
    return None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere
        return False


def _change_time_ns(folder: Path) -> int | None:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return None


def _file_size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0  # deleted in the meantime
    return status.st_size if S_ISREG(status.st_mode) else 0
