"""Paths of the library, its jobs, the app's resources and the folder for sockets."""

import hashlib
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from desktop.errors import ConfigurationError
from desktop.job_folders import JobFolder, JobFolders, job_folders_in
from desktop.text.message import Message

# A unix socket's path may have 108 bytes on Linux and 104 on macOS, so the socket is never inside the library.
SOCKET_NAME = "redis.sock"
# Leaves room for "/unbraid-", twelve digits, a slash and the socket's name.
_MAX_BASE_BYTES = 60
PORTABLE_FOLDER_NAME = "Unbraid Library"
"""The folder that makes a packaged app portable if it exists beside the app."""


@dataclass(frozen=True)
class Home:
    """Folder of a library: tracks, stems, models, queue data and logs."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file, the only source of truth about jobs."""
        return self.root / "library.db"

    @property
    def id_file(self) -> Path:
        """The file with the library's id, which `library_id` reads."""
        return self.root / "library.id"

    @property
    def jobs(self) -> Path:
        """The folder with one folder for each job, which `job_folder` finds."""
        return self.root / "jobs"

    @property
    def models(self) -> Path:
        """The model store."""
        return self.root / "models"

    @property
    def openvino_cache(self) -> Path:
        """The folder of models converted for OpenVINO, one folder each, named by the digest of its weights."""
        return self.models / "openvino"

    @property
    def redis_data(self) -> Path:
        """The folder of Redis's append-only file."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """The folder of window.log, worker.log and redis.log."""
        return self.root / "logs"

    @property
    def crashes(self) -> Path:
        """The folder of crash reports, and of the crash dump files of running processes."""
        return self.logs / "crashes"

    @property
    def settings(self) -> Path:
        """The user's settings, as JSON."""
        return self.root / "settings.json"

    @property
    def model_speeds(self) -> Path:
        """The measured speed of each model on this computer, as JSON."""
        return self.root / "speeds.json"

    @property
    def update_state(self) -> Path:
        """Time and result of the last update check, as JSON."""
        return self.root / "updates.json"

    @property
    def supervisor_lock(self) -> Path:
        """The lock of the process that supervises Redis and the worker of this library."""
        return self.root / "supervisor.lock"

    @property
    def window_lock(self) -> Path:
        """The lock of the process that has, or is about to open, the window on this library."""
        return self.root / "window.lock"

    @property
    def third_party_caches(self) -> Path:
        """The caches of third-party packages, in a portable app."""
        return self.root / "cache"

    @property
    def runtime_dir(self) -> Path:
        """The short, private folder for the Redis socket and pidfiles: the one in use, else the first candidate.

        The system empties it at every boot.
        """
        first = self.runtime_dir_candidates[0]
        with suppress(OSError):
            saved = Path(os.fsdecode(self.runtime_dir_file.read_bytes()))
            # A path that was saved before the library was moved, or for another library, has another name.
            return saved if saved.is_absolute() and saved.name == first.name else first
        return first

    @property
    def runtime_dir_candidates(self) -> list[Path]:
        """Possible values of `runtime_dir`, the best first; they may not exist or not be writable."""
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return [base / f"unbraid-{digest}" for base in _runtime_dir_bases()]

    @property
    def runtime_dir_file(self) -> Path:
        """The file that holds the path of the `runtime_dir` in use."""
        return self.root / "run"

    @property
    def redis_socket(self) -> Path:
        """The unix socket on which the bundled Redis listens."""
        return self.runtime_dir / SOCKET_NAME

    @property
    def redis_endpoint_file(self) -> Path:
        """Port and password of the bundled Redis, where there are no unix sockets."""
        return self.runtime_dir / "redis.json"

    @property
    def job_folders(self) -> JobFolders:
        """The index of the folders of all jobs."""
        return job_folders_in(self.jobs)

    def job_folder(self, job_id: str) -> JobFolder:
        """Return the folder of a job. Raises ValueError if `job_id` is not a UUID, so that it cannot leave `jobs`."""
        return self.job_folders.find(job_id)

    def create_folders(self) -> "Home":
        """Create every folder, readable only by the user, and return this home. Raises OSError."""
        for folder in (self.root, self.jobs, self.models, self.redis_data, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def find_home() -> Home:
    """Return the library's home: `UNBRAID_HOME`, a portable library beside the app, or the platform's data folder.

    Raises ConfigurationError if `UNBRAID_HOME` is invalid or the user has no home folder.
    """
    override = os.environ.get("UNBRAID_HOME")
    if not override:
        return portable_home() or _default_home()
    try:
        return Home(Path(override).expanduser().absolute())
    except RuntimeError as error:
        raise ConfigurationError(
            Message(
                "UNBRAID_HOME is {override!r}. It must be the path of a folder, but this computer has no such user.",
                override=override,
            )
        ) from error


def _default_home() -> Home:
    folder = Path(platformdirs.user_data_dir("Unbraid", appauthor=False))
    if not folder.is_absolute():  # neither HOME nor the user database names a home folder
        raise ConfigurationError(
            Message("This user has no home folder. Set UNBRAID_HOME to the path of a folder for the library.")
        )
    return Home(folder)


def portable_home() -> Home | None:
    """Return the portable library beside the packaged app, or None if there is none."""
    if not getattr(sys, "frozen", False):
        return None
    executable = Path(sys.executable)
    # On macOS the executable is Unbraid.app/Contents/MacOS/unbraid, and users see only Unbraid.app.
    app_path = next((folder for folder in executable.parents if folder.suffix == ".app"), executable)
    library = app_path.parent / PORTABLE_FOLDER_NAME
    return Home(library.absolute()) if library.is_dir() else None


def resources() -> Path:
    """Return the folder of the read-only files that come with the app.

    It is inside the package `desktop` if pip installed a wheel, and beside it in a checkout and in the packaged app.
    """
    package = Path(__file__).parent
    packaged = package / "resources"
    return packaged if packaged.is_dir() else package.parent / "resources"


def _runtime_dir_bases() -> list[Path]:
    """Return parent folders for `Home.runtime_dir`: the session's folder, then temporary folders."""
    if os.name != "posix":
        # Not TEMP, which may be on a disk without owners: Windows keeps other users out of this folder.
        return [Path(platformdirs.user_runtime_dir())]
    session_dir = Path(os.environ.get("XDG_RUNTIME_DIR") or "")
    dir_name = f"unbraid-{os.getuid()}"  # created with mode 0700, and its owner is checked
    temp_bases = [Path("/tmp") / dir_name, Path(os.environ.get("TMPDIR") or "/tmp") / dir_name]  # the short one first
    # Under sudo, XDG_RUNTIME_DIR may be another user's.
    is_session_dir_usable = os.access(session_dir, os.W_OK | os.X_OK) and session_dir.is_dir()
    return [base for base in ([session_dir] if is_session_dir_usable else []) + temp_bases if _can_hold_socket(base)]


def _can_hold_socket(base: Path) -> bool:
    """Return True if the path is absolute (XDG_RUNTIME_DIR must be), UTF-8 (it becomes part of a URL) and short."""
    try:
        length = len(str(base).encode())
    except UnicodeEncodeError:
        return False
    return base.is_absolute() and length < _MAX_BASE_BYTES
