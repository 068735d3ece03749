"""Clean Debian without Python in a folder, to test packages on. Requires root and debootstrap."""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

RELEASE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
USER = "musician"
_MOUNTS = ("proc", "dev", "dev/pts", "dev/shm")


class AcceptanceError(Exception):
    """A check failed; the message says which."""


class CleanMachine:
    """System in the folder `root`, whose programs run by chroot on this machine's kernel."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home" / USER

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command as root and return its standard output. With `check`, raises AcceptanceError if it fails."""
        return self._output(["chroot", str(self.root), *command], {"DEBIAN_FRONTEND": "noninteractive"}, check)

    def run_as_user(self, *command: str, **environment: str) -> str:
        """Run a command as the user and return its standard output. Raises AcceptanceError if it fails."""
        return self._output(self._user_command(command), environment, check=True)

    def start_as_user(self, log: Path, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a command as the user, with its output appended to `log`."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self._user_command(command), env=self._environment(environment), stdout=output, stderr=output
            )

    def processes(self) -> list[str]:
        """Return the command lines of the running processes."""
        lines = (
            (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for entry in self._process_folders()
        )
        return [line.strip() for line in lines if line.strip()]

    def kill_all(self) -> None:
        """Kill all running processes."""
        for entry in self._process_folders():
            os.kill(int(entry.name), signal.SIGKILL)

    def user_files(self) -> list[str]:
        """Return the paths of all files in the user's home, relative to it."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if not path.is_dir())

    def _process_folders(self) -> list[Path]:
        """Return the /proc folders of the running processes."""
        found: list[Path] = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                if (entry / "root").readlink() == self.root and (entry / "cmdline").read_bytes():
                    found.append(entry)
        return found

    def _user_command(self, command: Sequence[str]) -> list[str]:
        return ["chroot", f"--userspec={USER}:{USER}", str(self.root), *command]

    def _environment(self, environment: dict[str, str]) -> dict[str, str]:
        defaults = {"HOME": f"/home/{USER}", "USER": USER, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return defaults | environment

    def _output(self, command: list[str], environment: dict[str, str], check: bool) -> str:
        result = subprocess.run(
            command, env=self._environment(environment), capture_output=True, text=True, errors="replace", check=False
        )
        if check and result.returncode:
            raise AcceptanceError(
                f"{' '.join(command[2:6])} ended with {result.returncode}: {(result.stdout + result.stderr)[-3000:]}"
            )
        return result.stdout


@contextmanager
def clean_machine(folder: Path) -> Generator[CleanMachine]:
    """Create a clean machine in `folder` from a copy that is made once, and shut it down at the end.

    Raises AcceptanceError.
    """
    pristine, root = folder / "fresh", folder / "root"
    if not (pristine / "usr" / "bin" / "dpkg").exists():
        shutil.rmtree(pristine, ignore_errors=True)
        _run_checked(
            ["debootstrap", "--variant=minbase", RELEASE, str(pristine), os.environ.get("UNBRAID_DEBIAN", MIRROR)]
        )
    _unmount(root)
    shutil.rmtree(root, ignore_errors=True)
    _run_checked(["cp", "-a", "--reflink=auto", str(pristine), str(root)])
    _copy_network_settings(root)
    system = CleanMachine(root)
    try:
        for mount in _MOUNTS:
            (root / mount).mkdir(parents=True, exist_ok=True)
            _run_checked(["mount", "--bind", f"/{mount}", str(root / mount)])
        system.run("useradd", "--create-home", "--shell", "/bin/sh", USER)
        yield system
    finally:
        system.kill_all()
        _unmount(root)


def _copy_network_settings(root: Path) -> None:
    """Copy this machine's name resolution and apt proxy settings."""
    for name in ("etc/resolv.conf", "etc/hosts"):
        if Path("/", name).exists():
            shutil.copy(Path("/", name).resolve(), root / name)
    for settings in Path("/etc/apt/apt.conf.d").glob("*"):
        if "proxy" in settings.read_text(errors="replace").lower():
            shutil.copy(settings, root / "etc/apt/apt.conf.d")


def _unmount(root: Path) -> None:
    for mount in reversed(_MOUNTS):
        while os.path.ismount(root / mount):
            _run_checked(["umount", "--lazy", str(root / mount)])


def _run_checked(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode:
        raise AcceptanceError(f"{' '.join(command[:3])} failed: {(result.stdout + result.stderr)[-2000:]}")
