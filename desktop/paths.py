"""Where everything that the app keeps lies."""

import hashlib
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from uuid import UUID

import platformdirs

from desktop.errors import ConfigurationError

# A unix socket's path may have 108 bytes on Linux and 104 on macOS, so it never lies under the library.
SOCKET_NAME = "redis.sock"
# So that "/unbraid-" and twelve digits, a slash and the socket's name fit in.
_MAX_BASE_BYTES = 60
PORTABLE_FOLDER_NAME = "Unbraid Library"
"""The folder that makes a packaged app portable when it lies beside it."""


@dataclass(frozen=True)
class Home:
    """The one folder of a library: songs, stems, models, queue data and logs."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file that is the only truth about jobs."""
        return self.root / "library.db"

    @property
    def id_file(self) -> Path:
        """The library's identity, which `library_id` reads."""
        return self.root / "library.id"

    @property
    def jobs(self) -> Path:
        """One folder a job, named by its UUID."""
        return self.root / "jobs"

    @property
    def models(self) -> Path:
        """The shelf."""
        return self.root / "models"

    @property
    def openvino_cache(self) -> Path:
        """What was made of models for OpenVINO: folders that `openvino_cache_name` names."""
        return self.models / "openvino"

    @property
    def redis_data(self) -> Path:
        """Redis's append-only file."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """window.log, worker.log, redis.log."""
        return self.root / "logs"

    @property
    def crashes(self) -> Path:
        """Reports of our own faults, and the traps of running processes."""
        return self.logs / "crashes"

    @property
    def settings(self) -> Path:
        """The user's settings, as JSON."""
        return self.root / "settings.json"

    @property
    def model_speeds(self) -> Path:
        """How fast each model was here, as JSON."""
        return self.root / "speeds.json"

    @property
    def update_state(self) -> Path:
        """When it was asked for newer versions, and what was told, as JSON."""
        return self.root / "updates.json"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the one process that supervises Redis and the worker of this library."""
        return self.root / "supervisor.lock"

    @property
    def window_lock(self) -> Path:
        """Held by the one process that has, or is about to have, a window on this library."""
        return self.root / "window.lock"

    @property
    def third_party_caches(self) -> Path:
        """What libraries of others keep for themselves, where this one is carried about."""
        return self.root / "cache"

    @property
    def runtime_dir(self) -> Path:
        """The short, private folder for the Redis socket and pidfiles: the one in use, else the first that may be used.

        The system empties it at every boot.
        """
        first = self.runtime_dir_candidates[0]
        with suppress(OSError):
            saved = Path(os.fsdecode(self.runtime_dir_file.read_bytes()))
            # A note that was written before the library was moved, or for another one, has another name in it.
            return saved if saved.is_absolute() and saved.name == first.name else first
        return first

    @property
    def runtime_dir_candidates(self) -> list[Path]:
        """Folders that may be used for `run`, the best first; whether one can be made is not known yet."""
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return [base / f"unbraid-{digest}" for base in _runtime_dir_bases()]

    @property
    def runtime_dir_file(self) -> Path:
        """Holds the path of the folder in use as `run`."""
        return self.root / "run"

    @property
    def redis_socket(self) -> Path:
        """The unix socket on which the bundled Redis listens."""
        return self.runtime_dir / SOCKET_NAME

    @property
    def redis_endpoint_file(self) -> Path:
        """Port and password of the bundled Redis, where there are no unix sockets."""
        return self.runtime_dir / "redis.json"

    def job_folder(self, job_id: str) -> "JobFolder":
        """The folder of a job. Raises ValueError when `job_id` is not a UUID, so that no path is made of it."""
        return JobFolder(self.jobs / str(UUID(job_id)))

    def create_folders(self) -> "Home":
        """Make every folder, the library readable by its owner alone. Raises OSError."""
        for folder in (self.root, self.jobs, self.models, self.redis_data, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


@dataclass(frozen=True)
class JobFolder:
    """What a job keeps on disk."""

    root: Path

    @property
    def source(self) -> Path:
        """The folder with the track as it was dropped, copied byte for byte."""
        return self.root / "source"

    @property
    def backup_record(self) -> Path:
        """What the library's database says of the job, in case that file is ever damaged."""
        return self.root / "job.json"

    @property
    def mixture_peaks(self) -> Path:
        """The peak pyramid of the mixture."""
        return self.root / "mixture.peaks"

    @property
    def cover(self) -> Path:
        """The cover picture out of the track's tags, when there is one."""
        return self.root / "cover"

    @property
    def segments(self) -> Path:
        """Finished segments of a job in work, in one folder for what they were made by; deleted when it ends."""
        return self.root / "segments"

    @property
    def draft(self) -> Path:
        """Sketch's segments, to be heard until the model's are there; deleted with them."""
        return self.root / "draft"

    @property
    def draft_attempts(self) -> Path:
        """How many drafts were begun and neither made nor given up: whoever made them died of it."""
        return self.root / "draft.tries"

    def count_finished_segments(self) -> int:
        """How many there are: `desktop.segments.store` gives a file this name when it is whole."""
        return sum(1 for _ in self.segments.glob("*/*.float32"))

    def total_bytes(self) -> int:
        """Return the bytes of all files together."""
        return sum(size for path in self.root.rglob("*") if (size := _file_size(path)))

    def delete_work_files(self) -> None:
        """Delete what only an unfinished job needs: its finished segments, its draft, and peaks that were not finished.

        What cannot be deleted now, because the disk is away say, goes at the next start.
        """
        # The draft first: while it is there alone, a listener would hear it in place of the model's sound.
        for folder in (self.draft, self.segments):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            for file in (self.draft_attempts, *self.root.glob("*.peaks.part")):
                file.unlink(missing_ok=True)

    def result_folders(self) -> list[tuple[int, Path]]:
        """Return every run's fencing token and folder."""
        return [(int(run.name[4:]), run) for run in self.root.glob("run-*") if run.name[4:].isdecimal()]

    def result_folder(self, token: int) -> Path:
        """Where the owner of this fencing token writes; published by the commit of its row."""
        return self.root / f"run-{token}"


def _file_size(path: Path) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0  # deleted meanwhile
    return status.st_size if S_ISREG(status.st_mode) else 0


def find_home() -> Home:
    """Return the library's home: `UNBRAID_HOME`, a portable one beside the packaged app, or the platform's own place.

    Raises ConfigurationError.
    """
    override = os.environ.get("UNBRAID_HOME")
    if not override:
        return portable_home() or _default_home()
    try:
        return Home(Path(override).expanduser().absolute())
    except RuntimeError as error:
        raise ConfigurationError(
            f"UNBRAID_HOME is {override!r}. It must be the path of a folder, and there is no such user here."
        ) from error


def _default_home() -> Home:
    folder = Path(platformdirs.user_data_dir("Unbraid", appauthor=False))
    if not folder.is_absolute():  # neither HOME nor the list of users names a home
        raise ConfigurationError(
            "This user has no home folder. Set UNBRAID_HOME to the path of a folder for the library."
        )
    return Home(folder)


def portable_home() -> Home | None:
    """The library that lies beside the packaged app, to be carried about with it; None without one."""
    if not getattr(sys, "frozen", False):
        return None
    executable = Path(sys.executable)
    # Unbraid.app/Contents/MacOS/unbraid is the app itself to whoever looks at it on a Mac.
    app_path = next((folder for folder in executable.parents if folder.suffix == ".app"), executable)
    library = app_path.parent / PORTABLE_FOLDER_NAME
    return Home(library.absolute()) if library.is_dir() else None


def openvino_cache_name(weights: Path, variant: str) -> str:
    """The name of the folder with what was made of the model in the file `weights`. Raises OSError."""
    with weights.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}-{variant}"


def bundle_folder() -> Path | None:
    """The folder of the packaged app's own files; None in a checkout."""
    folder = getattr(sys, "_MEIPASS", None)  # PyInstaller's name for it
    return Path(folder) if folder else None


def resources() -> Path:
    """Return the folder of the read-only files that come with the app.

    It lies within the package `desktop` where pip installed a wheel, and beside it in a checkout and in the packaged app.
    """
    package = Path(__file__).parent
    packaged = package / "resources"
    return packaged if packaged.is_dir() else package.parent / "resources"


def _runtime_dir_bases() -> list[Path]:
    """Return the folders in which a short-lived folder of ours may lie: the session's own, then temporary ones."""
    if os.name != "posix":
        # Not where TEMP says, which may be a disk that knows no owners: Windows lets no other user into this one.
        return [Path(platformdirs.user_runtime_dir())]
    session_dir = Path(os.environ.get("XDG_RUNTIME_DIR") or "")
    dir_name = f"unbraid-{os.getuid()}"  # made 0700, and its owner checked
    temp_bases = [Path("/tmp") / dir_name, Path(os.environ.get("TMPDIR") or "/tmp") / dir_name]  # the first is short
    # Under sudo, XDG_RUNTIME_DIR may be another user's.
    is_session_dir_usable = os.access(session_dir, os.W_OK | os.X_OK) and session_dir.is_dir()
    return [base for base in ([session_dir] if is_session_dir_usable else []) + temp_bases if _can_hold_socket(base)]


def _can_hold_socket(base: Path) -> bool:
    """True when the path is absolute, as XDG_RUNTIME_DIR has to be, text, since a URL is made of it, and short."""
    try:
        length = len(str(base).encode())
    except UnicodeEncodeError:
        return False
    return base.is_absolute() and length < _MAX_BASE_BYTES
