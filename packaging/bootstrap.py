"""Sets Unbraid up on this machine: `python bootstrap.py app` or `python bootstrap.py test`. Standard library only.

Safe to run at any time, any number of times, also after it was broken off: each step looks at what is there and does
what is missing. The stamp that spares later starts all this is written last.
"""

import os
import platform
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "packaging"))

import setup_debian  # noqa: E402 - an isolated Python does not look beside the script
import setup_stamp  # noqa: E402
import setup_torch  # noqa: E402
from setup_console import SetUpError, print_message  # noqa: E402
from setup_environment import Environment  # noqa: E402

LOCKS = ROOT / "packaging" / "lock"
KINDS = {"app": ("app",), "test": ("app", "test")}


def main(words: Sequence[str]) -> int:
    """Set up what `words` ask for and return the exit status. `--ready KIND` only asks whether that is done."""
    kind = words[-1] if words else "app"
    if kind not in KINDS:
        print_message(f"The set-up knows {' and '.join(KINDS)}, not {kind}.")
        return 2
    environment, seen = Environment(ROOT), setup_stamp.compute_stamp(ROOT)
    if "--ready" in words:
        return 0 if setup_stamp.is_current(environment, kind, seen) else 1
    try:
        check_machine()
        with setup_lock() as lock:
            complete = set_up(environment, kind, lock)
            environment.link_checkout(ROOT)
            if complete:
                setup_stamp.write_stamps(environment, KINDS[kind], seen)
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
    """Raises SetUpError where no build of torch exists."""
    if sys.maxsize < 2**32 or (sys.platform == "darwin" and platform.machine() == "x86_64"):
        raise SetUpError(f"There is no build of PyTorch 2.13 for this machine ({sys.platform} {platform.machine()}).")


def set_up(environment: Environment, kind: str, lock: Sequence[int]) -> bool:
    """Do what is missing. False when the system still lacks packages, which the next start looks at again."""
    if not environment.folder.exists():
        size = setup_torch.CUDA_SIZE if setup_torch.choose_build(environment) == "cuda" else setup_torch.CPU_SIZE
        print_message(f"Unbraid sets itself up. This happens once and takes a few minutes: {size}, all of it in .venv.")
    needs_environment = not environment.is_usable()
    if not environment.folder.is_dir():
        environment.folder.unlink(missing_ok=True)
    environment.state_folder.mkdir(parents=True, exist_ok=True)
    setup_stamp.delete_stamps(environment)
    # All in one go, so that whoever must type the line does so once.
    complete = setup_debian.install_packages(setup_debian.find_missing(kind, venv=needs_environment), environment.log)
    if needs_environment:
        setup_debian.require_venv()
        environment.create()
    environment.repair()
    install(environment, kind, lock)
    return complete


def install(environment: Environment, kind: str, lock: Sequence[int]) -> None:
    """Install the locked packages: torch first, the largest."""
    setup_torch.install(environment, lock)
    environment.install(LOCKS / "app.txt", "the packages that the app is made of", lock)
    if kind == "test":
        environment.install(LOCKS / "test.txt", "the packages that the tests need", lock)


@contextmanager
def setup_lock() -> Generator[tuple[int, ...]]:
    """Wait until no other set-up of this checkout runs. Yields the descriptors that hold the lock.

    pip holds them too: when the set-up is killed and pip lives on, the next start waits for pip.
    """
    if os.name == "nt":
        with _windows_lock():
            yield ()
        return
    import fcntl

    # The folder itself is locked: it is always there, and nothing is left behind.
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

        # A byte far behind the end, so that everybody can still read the file.
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
