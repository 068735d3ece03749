"""A bare Debian in a folder, without Python, on which packages are proven. Needs root and debootstrap."""

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
    """What is not as it should be."""


class CleanMachine:
    """The system in the folder `root`. Everything in it is run by chroot, on this machine's kernel."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home" / USER

    def run(self, *words: str, check: bool = True) -> str:
        """Run a program as root; what it wrote. Raises ProofError."""
        return self._output(["chroot", str(self.root), *words], {"DEBIAN_FRONTEND": "noninteractive"}, check)

    def run_as_user(self, *words: str, **environment: str) -> str:
        """Run a program as the user; what it wrote to its standard output. Raises ProofError."""
        return self._output(self._user_command(words), environment, check=True)

    def start_as_user(self, log: Path, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a program as the user; what it writes goes into `log`."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self._user_command(words), env=self._environment(environment), stdout=output, stderr=output
            )

    def processes(self) -> list[str]:
        """What runs in it, by its command line."""
        lines = (
            (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for entry in self._process_folders()
        )
        return [line.strip() for line in lines if line.strip()]

    def kill_all(self) -> None:
        """Kill what still runs in it."""
        for entry in self._process_folders():
            os.kill(int(entry.name), signal.SIGKILL)

    def user_files(self) -> list[str]:
        """All that lies in the user's home, but folders."""
        return sorted(str(path.relative_to(self.home)) for path in self.home.rglob("*") if not path.is_dir())

    def _process_folders(self) -> list[Path]:
        """The folders in /proc of the processes in it."""
        found: list[Path] = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                if (entry / "root").readlink() == self.root and (entry / "cmdline").read_bytes():
                    found.append(entry)
        return found

    def _user_command(self, words: Sequence[str]) -> list[str]:
        return ["chroot", f"--userspec={USER}:{USER}", str(self.root), *words]

    def _environment(self, environment: dict[str, str]) -> dict[str, str]:
        usual = {"HOME": f"/home/{USER}", "USER": USER, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        return usual | environment

    def _output(self, words: list[str], environment: dict[str, str], check: bool) -> str:
        done = subprocess.run(
            words, env=self._environment(environment), capture_output=True, text=True, errors="replace", check=False
        )
        if check and done.returncode:
            raise AcceptanceError(
                f"{' '.join(words[2:6])} ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}"
            )
        return done.stdout


@contextmanager
def clean_machine(folder: Path) -> Generator[CleanMachine]:
    """A fresh one in `folder`, copied from one that is made once; taken down at the end. Raises ProofError."""
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
    """How this machine reaches Debian's archive."""
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


def _run_checked(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise AcceptanceError(f"{' '.join(words[:3])} failed: {(done.stdout + done.stderr)[-2000:]}")
