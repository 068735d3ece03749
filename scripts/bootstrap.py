"""Sets up Unbraid on this machine: `python bootstrap.py app` or `python bootstrap.py test`. Standard library only.

May be run repeatedly, also after it was interrupted: each step checks what exists and does only what is missing. The
stamp that lets later starts skip the set-up is written last.
"""

import os
import platform
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import setup_debian  # noqa: E402 - an isolated Python does not look beside the script
import setup_stamp  # noqa: E402
import setup_stretch  # noqa: E402
import setup_torch  # noqa: E402
from setup_console import SetUpError, print_message  # noqa: E402
from setup_environment import Environment  # noqa: E402

LOCKS = ROOT / "scripts" / "lock"
KINDS = {"app": ("app",), "test": ("app", "test")}


def main(argv: Sequence[str]) -> int:
    """Set up "app" or "test", as `argv` says, and return the exit status; `--ready KIND` only checks the stamp."""
    kind = argv[-1] if argv else "app"
    if kind not in KINDS:
        print_message(f"The set-up knows {' and '.join(KINDS)}, not {kind}.")
        return 2
    environment, stamp = Environment(ROOT), setup_stamp.compute_stamp(ROOT)
    if "--ready" in argv:
        return 0 if setup_stamp.is_current(environment, kind, stamp) else 1
    try:
        check_machine()
        with setup_lock() as lock:
            complete = set_up(environment, kind, lock)
            environment.link_checkout(ROOT)
            if complete:
                setup_stamp.write_stamps(environment, KINDS[kind], stamp)
    except SetUpError as error:
        print_message(str(error))
        return 1
    except OSError as error:
        print_message(f"The set-up cannot go on: {error}")
        return 1
    except KeyboardInterrupt:
        print_message("Stopped. The next start goes on from here.")
        return 130
    return 0


def check_machine() -> None:
    """Check that PyTorch has a build for this machine. Raises SetUpError."""
    if sys.maxsize < 2**32 or (sys.platform == "darwin" and platform.machine() == "x86_64"):
        raise SetUpError(f"There is no build of PyTorch 2.13 for this machine ({sys.platform} {platform.machine()}).")


def set_up(environment: Environment, kind: str, lock: Sequence[int]) -> bool:
    """Do the missing steps; return False if system packages are still missing, so that the next start checks again."""
    if not environment.folder.exists():
        size = setup_torch.CUDA_SIZE if setup_torch.choose_build(environment) == "cuda" else setup_torch.CPU_SIZE
        print_message(f"Unbraid sets itself up. This happens once and takes a few minutes: {size}, all of it in .venv.")
    needs_environment = not environment.is_usable()
    if not environment.folder.is_dir():
        environment.folder.unlink(missing_ok=True)
    environment.state_folder.mkdir(parents=True, exist_ok=True)
    setup_stamp.delete_stamps(environment)
    # All packages at once, so that a user who must run apt-get by hand does so only once.
    complete = setup_debian.install_packages(setup_debian.find_missing(kind, venv=needs_environment), environment.log)
    if needs_environment:
        setup_debian.require_venv()
        environment.create()
    environment.repair()
    install(environment, kind, lock)
    return complete


def install(environment: Environment, kind: str, lock: Sequence[int]) -> None:
    """Install the locked packages; torch, the largest, first."""
    setup_torch.install(environment, lock)
    environment.install(LOCKS / "app.txt", "the packages that the app is made of", lock)
    if kind == "test":
        environment.install(LOCKS / "test.txt", "the packages that the tests need", lock)
    setup_stretch.install(environment, ROOT)


@contextmanager
def setup_lock() -> Generator[tuple[int, ...]]:
    """Hold the lock for set-ups of this checkout, waiting for a running one; yield the descriptors that hold it.

    pip inherits them: if the set-up is killed while pip continues, the next start waits for pip.
    """
    if os.name == "nt":
        with _windows_lock():
            yield ()
        return
    import fcntl

    # Lock the folder itself: it always exists, and no lock file is left behind.
    folder = os.open(LOCKS, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_message("Another start is setting Unbraid up; waiting until it is done.")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield (folder,)
    finally:
        os.close(folder)


@contextmanager
def _windows_lock() -> Generator[None]:
    if sys.platform == "win32":
        import msvcrt

        # Lock a byte far beyond the end, so that the file can still be read.
        with (LOCKS / "app.txt").open("r+b") as handle:
            handle.seek(2**30)
            while True:
                try:
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:
                    print_message("Another start is setting Unbraid up; waiting until it is done.")
            yield
            return
    yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
