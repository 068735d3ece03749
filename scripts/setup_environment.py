"""The virtual environment of a checkout: created, filled from lock files, checked and repaired."""

import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from setup_console import NoBuildError, SetUpError, UnreachableError, print_message, run_with_progress

# Variables that would make pip install into, or Python import from, another folder.
MISLEADING_VARIABLES = (
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_REQUIRE_VIRTUALENV",
    "PYTHONPATH",
    "PYTHONHOME",
)
# Parts of pip's output, and the explanation for the user.
FAILURE_HINTS = (
    ("No space left on device", "The disk is full. Make room and start again."),
    ("DO NOT MATCH THE HASHES", "A downloaded package was cut short or is not the one that was locked. Start again."),
    ("onnection", "The package server could not be reached. Look at the network and start again."),
    ("name resolution", "The package server could not be reached. Look at the network and start again."),
)
# A first line that names a Python by its absolute path, in pip's short or long form, and its replacement: the Python
# beside the script.
ABSOLUTE_SHEBANG = re.compile(
    rb"\A#!(?:/bin/sh\n'''exec' \"?[^$\n]*python[\d.]*\"? \"\$0\" \"\$@\"\n' '''|[^\n]*/python[\d.]*)\n"
)
RELATIVE_SHEBANG = b'#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"\n\' \'\'\'\n'


class Environment:
    """Virtual environment in the folder `.venv`, with a record of what is installed in it."""

    def __init__(self, root: Path) -> None:
        """Describe the environment of the checkout at `root`, which need not exist yet."""
        self.folder = root / ".venv"
        self.state_folder = self.folder / "unbraid"
        self.scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        self.log = self.state_folder / "setup.log"
        self.torch_choice_file = self.state_folder / "torch"  # the chosen build of PyTorch, see setup_torch.py

    @property
    def site_packages(self) -> Path:
        """The folder with its packages. Raises SetUpError if it does not exist."""
        found = [*self.folder.glob("Lib/site-packages"), *self.folder.glob("lib/python3*/site-packages")]
        if len(found) != 1:
            raise SetUpError(f"The environment in {self.folder} is damaged. Delete that folder and start again.")
        return found[0]

    def create(self) -> None:
        """Create the environment, replacing an existing one. Raises SetUpError."""
        print_message("Making a virtual environment in .venv.")
        kept_files = {path: path.read_bytes() for path in (self.log, self.torch_choice_file) if path.is_file()}
        command = [base_python(), "-I", "-m", "venv", "--clear", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if result.returncode:
            reason = (result.stderr or result.stdout).strip() or "no reason given"
            raise SetUpError(f"The virtual environment could not be made in {self.folder}: {reason}")
        self.state_folder.mkdir(exist_ok=True)
        for path, content in kept_files.items():
            path.write_bytes(content)

    def is_usable(self) -> bool:
        """Return True if its Python starts and has a complete pip."""
        if not self.python.exists():
            return False
        probe = [str(self.python), "-I", "-c", "import pip, sys, sysconfig; print(sysconfig.get_paths()['purelib'])"]
        try:
            result = subprocess.run(probe, capture_output=True, text=True, errors="replace", check=False)
            if result.returncode or not self.site_packages.samefile(result.stdout.strip()):
                return False
        except (OSError, SetUpError):
            return False
        return not any(path.name.startswith("pip-") for path in find_damaged(self.site_packages))

    def repair(self) -> None:
        """Delete the metadata of incomplete packages, so that pip installs them again."""
        for leftover in self.site_packages.glob("~*"):  # pip renames packages so before it removes them
            shutil.rmtree(leftover, ignore_errors=True)
        for record in find_damaged(self.site_packages):
            print_message(f"Mending {record.name.partition('-')[0]}, which is not whole.")
            shutil.rmtree(record)
            self._delete_marks()

    def has_installed(self, lock: Path) -> bool:
        """Return True if the packages of the current `lock` were installed, and none has been found damaged since."""
        mark = self._mark_path(lock)
        return mark.is_file() and mark.read_text() == _digest(lock)

    def install(
        self, lock: Path, description: str, inherited_fds: Sequence[int] = (), options: Sequence[str] = ()
    ) -> None:
        """Install the packages of `lock`, with their hashes verified, unless they are already installed.

        `inherited_fds`: descriptors that pip inherits; `options`: more options for pip. Raises SetUpError: NoBuildError
        if no index has a build of a package for this machine, UnreachableError if no index answered.
        """
        if self.has_installed(lock):
            return
        print_message(f"Installing {description}.")
        command = [str(self.python), "-I", "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
        command += ["--disable-pip-version-check", "--progress-bar", "off", *options, "-r", str(lock)]
        for name in MISLEADING_VARIABLES:
            os.environ.pop(name, None)
        digest = _digest(lock)
        try:
            run_with_progress(command, PipOutputParser(lock, self.site_packages), self.log, inherited_fds)
        except subprocess.CalledProcessError as failure:
            raise explain_failure(failure.output, self.log) from failure
        self._mark_path(lock).write_text(digest)

    def remove(self, lock: Path) -> None:
        """Uninstall the packages that are installed in the versions of `lock`. Raises SetUpError."""
        self._mark_path(lock).unlink(missing_ok=True)
        pins = re.findall(r"^([A-Za-z][\w.-]*)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
        names = [
            name
            for name, version in pins
            if (self.site_packages / f"{_dist_info_name(name)}-{version}.dist-info").is_dir()
        ]
        if not names:
            return
        print_message(f"Removing {', '.join(names)}.")
        try:
            run_with_progress(
                [str(self.python), "-I", "-m", "pip", "uninstall", "--yes", *names],
                PipOutputParser(lock, self.site_packages),
                self.log,
            )
        except subprocess.CalledProcessError as failure:
            raise explain_failure(failure.output, self.log) from failure

    def requirements(self, name: str) -> Iterator[str]:
        """Yield the requirements in the metadata of the installed package `name`."""
        for metadata in self.site_packages.glob(f"{name}-*.dist-info/METADATA"):
            for line in metadata.read_text(encoding="utf-8").splitlines():
                if line.startswith("Requires-Dist: "):
                    yield line.removeprefix("Requires-Dist: ")

    def link_checkout(self, root: Path) -> None:
        """Make the checkout importable, and make scripts find their Python even if the folder is moved."""
        relative_root = os.path.relpath(root, self.site_packages)
        (self.site_packages / "unbraid.pth").write_text(relative_root + "\n", encoding="utf-8")
        if os.name == "nt":
            return
        command = self.scripts / "unbraid"
        command.write_text('#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/python" -I -m desktop "$@"\n')
        command.chmod(0o755)
        for script in self.scripts.iterdir():
            _make_relocatable(script, os.fsencode(self.folder), self._previous_folder())
        (self.state_folder / "place").write_bytes(os.fsencode(self.folder))

    def _mark_path(self, lock: Path) -> Path:
        return self.state_folder / (lock.stem + ".lock")

    def _delete_marks(self) -> None:
        for mark in self.state_folder.glob("*.lock"):
            mark.unlink()

    def _previous_folder(self) -> bytes:
        """Return the environment's path when its scripts were last rewritten."""
        place = self.state_folder / "place"
        return place.read_bytes() if place.is_file() else os.fsencode(self.folder)


class PipOutputParser:
    """Progress text from pip's output and the packages installed so far."""

    def __init__(self, lock: Path, packages: Path) -> None:
        """Follow the installation of `lock` into the folder `packages`."""
        self._packages = packages
        self._total = len(set(re.findall(r"^([A-Za-z]\S*)==", lock.read_text(encoding="utf-8"), re.MULTILINE)))
        self._seen, self._before, self._last, self._unpacking = 0, self._count_installed(), "", False

    def read_line(self, line: str) -> None:
        """Parse one line of output."""
        if line.startswith("Installing collected packages"):
            self._unpacking, self._total = True, line.count(",") + 1
        elif line.startswith(("Collecting ", "Processing ", "Requirement already ", "Ignoring ")):
            self._seen += 1
        if match := re.match(r"\s*(?:Downloading|Using cached) ([\w.]+)-.*(\([\d.]+ [kMG]?B\))", line):
            self._last = f", {match[1]} {match[2]}"

    def progress_text(self) -> str:
        """Return the progress in a few words."""
        if self._unpacking:
            return f"unpacking {min(self._count_installed() - self._before + 1, self._total)} of {self._total}"
        return f"fetching {min(self._seen, self._total)} of {self._total}{self._last}"

    def _count_installed(self) -> int:
        return sum(1 for _ in self._packages.glob("*.dist-info"))


def base_python() -> str:
    """Return the path of the Python to create environments from, resolved so that a newer python3 has no effect."""
    python = str(getattr(sys, "_base_executable", None) or sys.executable)
    return os.path.realpath(python) if sys.platform.startswith("linux") else python


def find_damaged(packages: Path) -> list[Path]:
    """Return the dist-info folders of packages with missing or truncated files."""
    return [record for record in sorted(packages.glob("*.dist-info")) if not _is_complete(record)]


def explain_failure(output: str, log: Path) -> SetUpError:
    """Return the error that explains why pip failed; `output` is pip's output, `log` the file to name."""
    no_match = "No matching distribution" in output
    for text, sentence in FAILURE_HINTS:
        if text in output:
            return (UnreachableError if no_match else SetUpError)(f"{sentence} The log is {log}")
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "pip gave no reason.")
    error = NoBuildError if no_match else SetUpError
    return error(f"The packages could not be installed. {last.strip()} The log is {log}")


def _dist_info_name(name: str) -> str:
    """Return the name of a package as used in its dist-info folder."""
    return re.sub(r"[-_.]+", "_", name).lower()


def _is_complete(record: Path) -> bool:
    try:
        with (record / "RECORD").open(encoding="utf-8", newline="") as listing:
            return all(_matches_record(record.parent, row) for row in csv.reader(listing) if row)
    except OSError:
        return False


def _matches_record(packages: Path, row: list[str]) -> bool:
    name, size = row[0], row[2] if len(row) > 2 else ""
    if name.endswith(".pyc"):
        return True
    try:
        found = os.stat(os.path.join(packages, name)).st_size  # noqa: PTH116, PTH118 - 30 000 times at each repair
    except OSError:
        return False
    # Scripts outside the folder are rewritten when the environment moves.
    return not size or name.startswith("..") or found == int(size)


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _make_relocatable(script: Path, folder: bytes, previous_folder: bytes) -> None:
    """Make a script independent of the environment's path, or at least update the path in it."""
    if script.is_symlink() or not script.is_file() or script.stat().st_size > 65536:
        return
    content = script.read_bytes()
    changed = ABSOLUTE_SHEBANG.sub(lambda _: RELATIVE_SHEBANG, content).replace(previous_folder, folder)
    if changed != content:
        script.write_bytes(changed)
