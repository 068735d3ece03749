"""Acceptance test of the Linux packages on a clean Debian without Python, from installation to removal.

`sudo build/.venv/bin/python packaging/linux/acceptance_test.py` tests the .deb and the tar in dist/, and saves
screenshots in build/. `--edition cuda` tests the packages of that edition.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "scripts"))

import editions
import numpy as np
import setup_debian
import soundfile
from clean_machine import USER, AcceptanceError, CleanMachine, clean_machine
from editions import Edition
from numpy.typing import NDArray
from polling import wait_until
from product import ROOT
from setup_console import print_message
from sources import BUILD, BuildError, unpack
from staging import RATE, DesktopSession, desktop_session

DEMO = ROOT / "resources" / "demo" / "Unbraid demo.flac"
LIBRARY = ".local/share/Unbraid"
SCREENSHOTS = BUILD / "acceptance"
# No model can be downloaded, so Sketch is used, as for a user without a connection.
_OFFLINE_VARIABLES = {"UNBRAID_MODEL_URL": "http://127.0.0.1:9"}
# Files that system libraries write in the user's home for every program.
_SYSTEM_FILES = (".asoundrc", ".cache/fontconfig/", ".cache/mesa_shader_cache", ".config/pulse/", ".bash", ".profile")
# Installed with the driver of an NVIDIA card.
_DRIVER_LIBRARY = "libcuda.so.1"
_LISTEN_FRAMES = 3 * RATE
# The player fades in over some 10 ms to avoid clicks.
_FADE_FRAMES = RATE // 50


def main(argv: Sequence[str]) -> int:
    """Run the tests and print each passed step. Returns 0 if all pass, else 1."""
    parser = argparse.ArgumentParser(
        prog="acceptance_test.py", description="Test the Linux packages on a clean Debian."
    )
    editions.add_option(parser)
    edition = editions.EDITIONS[parser.parse_args(argv).edition]
    if sys.platform == "win32" or os.geteuid() != 0:
        sys.stderr.write(
            "Making a clean machine needs root: sudo build/.venv/bin/python packaging/linux/acceptance_test.py\n"
        )
        return 1
    try:
        editions.require_packages(edition)
    except BuildError as error:
        print_message(str(error))
        return 1
    if not setup_debian.install_packages(setup_debian.find_missing("acceptance"), BUILD / "packages.log"):
        return 1
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    try:
        for check_package in (check_deb, check_tar):
            with clean_machine(BUILD / "clean-machine") as system:
                for passed in check_package(system, edition):
                    print_message(f"ok  {passed}")
    except (AcceptanceError, TimeoutError) as error:
        print_message(f"NOT OK  {error}")
        return 1
    return 0


def check_deb(system: CleanMachine, edition: Edition) -> Iterator[str]:
    """Test the .deb with the keyboard, and yield a sentence for each passed step. Raises AcceptanceError."""
    deb = edition.deb
    shutil.copy(deb, system.root / "tmp")
    system.run("apt-get", "update")
    system.run("apt-get", "install", "-y", f"/tmp/{deb.name}")
    if system.run("sh", "-c", "ls /usr/bin/python3* 2>/dev/null || true").strip():
        raise AcceptanceError("the clean machine has a Python, so the test would show nothing")
    yield f"{deb.name} installed on a clean Debian without Python"
    yield _check_libraries(system, "/usr/lib/unbraid")
    with desktop_session(system) as session:
        yield from _check_first_use(system, session, "unbraid")
        yield from _check_kill(system, session, "unbraid")
    system.run("apt-get", "purge", "-y", edition.package)
    yield _check_removal(system, "/usr/lib/unbraid", "/usr/bin/unbraid", "/usr/share/applications/unbraid.desktop")


def check_tar(system: CleanMachine, edition: Edition) -> Iterator[str]:
    """Test the tar, installed by a user without root and as a portable app, and yield a sentence for each passed step.

    Raises AcceptanceError.
    """
    system.run("apt-get", "update")
    system.run("apt-get", "install", "-y", *_desktop_dependencies())
    unpacked = unpack(edition.tar, system.root / "opt" / "unpacked")
    inside = f"/opt/unpacked/{unpacked.name}"
    for action in ("installed", "installed over itself"):
        system.run_as_user(f"{inside}/install.sh")
        yield f"{edition.tar.name} {action}, by the user"
    program = f"/home/{USER}/.local/lib/unbraid/unbraid"
    entry = system.home / ".local/share/applications/unbraid.desktop"
    if program not in entry.read_text(encoding="utf-8"):
        raise AcceptanceError("the menu entry does not start what was installed")
    with desktop_session(system, "1024x640") as session:
        yield from _check_first_use(system, session, program)
    yield _check_portable(system, unpacked, inside)
    system.run_as_user(f"/home/{USER}/.local/lib/unbraid/uninstall.sh")
    yield _check_removal(
        system, program, f"/home/{USER}/.local/bin/unbraid", f"/home/{USER}/.local/share/applications/unbraid.desktop"
    )


def _check_libraries(system: CleanMachine, folder: str) -> str:
    """Check that every library of the bundle finds the libraries that it is linked with. Raises AcceptanceError."""
    search_path = ":".join(f"{folder}/_internal/{name}" for name in ("", "av.libs", "PySide6/Qt/lib", "openvino/libs"))
    ldd = f"env LD_LIBRARY_PATH={search_path} ldd {{}} +"
    script = f"find {folder} -name '*.so*' -type f -exec {ldd} | grep 'not found' || true"
    missing = {line.split("=>")[0].strip() for line in system.run("sh", "-c", script).splitlines()} - {_DRIVER_LIBRARY}
    if missing:
        raise AcceptanceError(f"missing libraries that the bundle needs: {', '.join(sorted(missing))}")
    return "every library finds those that it needs"


def _check_first_use(system: CleanMachine, session: DesktopSession, program: str) -> Iterator[str]:
    """Test the first use: add the demo song with Tab and Return, stop and play it by keys, and quit with Ctrl-Q."""
    log = SCREENSHOTS / "window.log"
    window = system.start_as_user(log, program, **session.environment, **_OFFLINE_VARIABLES)
    wait_until(lambda: session.find_window("Unbraid"), "the window opens")
    session.activate_window(session.find_window("Unbraid"))
    yield "the window opens"
    # The window has no page before its library is open, and this test is faster than a user.
    wait_until(lambda: any(" worker " in line for line in system.processes()), "the worker starts")
    session.press_keys("Tab", "Tab", "Return")  # from "Add songs…", which has the focus at first, to the demo song
    wait_until(lambda: _job_states(system, program) == ["completed"], "the demo song is separated", 300)
    yield f"the demo song is separated by the bundled Redis and worker: {_describe_null(system, program)}"
    # It plays by itself as soon as a part of it can be played, and that is its draft.
    wait_until(lambda: session.read_recording().any(), "the demo song plays by itself")
    session.press_keys("shift+space")
    wait_until(lambda: not session.read_recording()[-RATE // 2 :].any(), "it stops")
    start = len(session.read_recording())
    session.press_keys("space")
    session.save_screenshot(SCREENSHOTS / f"{Path(program).parent.name or program}.png")
    wait_until(lambda: _count_audible_frames(session.read_recording()[start:]) > _LISTEN_FRAMES, "the stems are heard")
    yield _check_exact_playback(session.read_recording()[start:])
    session.save_screenshot(SCREENSHOTS / f"{Path(program).parent.name or program}.png")
    session.press_keys("space", "ctrl+q")
    wait_until(lambda: window.poll() is not None, "the window closes")
    if window.returncode:
        raise AcceptanceError(f"the window ended with {window.returncode}: {log.read_text(errors='replace')[-2000:]}")
    wait_until(lambda: not system.processes(), "everything ends", 30)
    yield "it quits in order, and nothing is left running"
    yield _check_self_test(system, session, program)


def _check_self_test(system: CleanMachine, session: DesktopSession, program: str) -> str:
    """Check that a song is analysed, and played slowly with the compiled stretcher. Raises AcceptanceError."""
    output = system.run_as_user(program, "selftest", **session.environment, **_OFFLINE_VARIABLES)
    found = json.loads(output.splitlines()[-1])
    if found["stretcher"] != "compiled" or not {"analysed", "played"} <= found.keys():
        raise AcceptanceError(f"the self-test: {found}")
    return f"the self-test: {found}"


def _check_kill(system: CleanMachine, session: DesktopSession, program: str) -> Iterator[str]:
    window = system.start_as_user(SCREENSHOTS / "window.log", program, **session.environment, **_OFFLINE_VARIABLES)
    wait_until(lambda: sum("worker" in line for line in system.processes()) >= 2, "the workers run")
    wait_until(lambda: any("redis-server" in line for line in system.processes()), "Redis runs")
    window.kill()
    window.wait()
    wait_until(lambda: not system.processes(), "a killed window leaves nothing", 30)
    if _job_states(system, program) != ["completed"]:
        raise AcceptanceError("a killed window lost its song")
    yield "kill -9 leaves no process and loses no song"


def _check_portable(system: CleanMachine, unpacked: Path, inside: str) -> str:
    library = unpacked / "Unbraid Library"
    library.mkdir()
    library.chmod(0o777)
    before = system.user_files()
    if _job_states(system, f"{inside}/unbraid"):
        raise AcceptanceError("a portable app sees the user's other library")
    if system.user_files() != before or not (library / "library.db").exists():
        raise AcceptanceError("a portable app does not keep to its folder")
    return "with a folder “Unbraid Library” beside it, it keeps everything there"


def _check_removal(system: CleanMachine, *paths: str) -> str:
    left = [path for path in paths if (system.root / path.lstrip("/")).exists()]
    unexpected = [path for path in system.user_files() if not path.startswith((f"{LIBRARY}/", *_SYSTEM_FILES))]
    if left or unexpected:
        raise AcceptanceError(f"removing leaves {', '.join(left + unexpected)}")
    if not (system.home / LIBRARY / "library.db").exists():
        raise AcceptanceError("removing took the user's library along")
    return "removed; the user's library is all that is left"


def _job_states(system: CleanMachine, program: str) -> list[str]:
    return [job["status"] for job in json.loads(system.run_as_user(program, "jobs", "--json"))]


def _describe_null(system: CleanMachine, program: str) -> str:
    job = json.loads(system.run_as_user(program, "jobs", "--json"))[0]
    return f"null {job['null_dbfs']:.0f} dBFS"


def _count_audible_frames(recording: NDArray[np.float32]) -> int:
    return int(np.count_nonzero(np.abs(recording).max(axis=1)))


def _check_exact_playback(recording: NDArray[np.float32]) -> str:
    """Check that the recorded sum of all stems equals the song exactly, after the fade-in. Raises AcceptanceError."""
    song = soundfile.read(DEMO, dtype="float32", always_2d=True)[0]
    size = len(recording) + len(song)
    correlation = np.fft.irfft(np.fft.rfft(recording[:, 0], size) * np.conj(np.fft.rfft(song[:, 0], size)), size)
    start = int(np.argmax(correlation[: len(recording)]))
    frames = min(len(recording) - start, len(song), _LISTEN_FRAMES)
    difference = float(np.abs(recording[start + _FADE_FRAMES : start + frames] - song[_FADE_FRAMES:frames]).max())
    if difference > 0.0:
        raise AcceptanceError(f"what was heard differs from the song by {difference}")
    return f"the sound card got the song, {frames / RATE:.1f} s of it, sample for sample"


def _desktop_dependencies() -> list[str]:
    """Return the packages that a desktop has installed, and that the .deb depends on or recommends."""
    from make_packages import DEPENDS, RECOMMENDS

    return [part.split("(")[0].split("|")[0].strip() for part in f"{DEPENDS}, {RECOMMENDS}".split(",")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
