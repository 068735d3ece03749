"""Proves the Linux packages on a bare Debian without Python, as a musician would: install, click, listen, quit, remove.

`sudo build/.venv/bin/python packaging/linux/prove.py` takes the .deb and the tar from dist/, and leaves pictures in build/.
`--edition cuda` takes those of that edition.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import editions
import numpy as np
import setup_debian
import soundfile
from bare_system import USER, BareSystem, ProofError, bare_system
from editions import Edition
from numpy.typing import NDArray
from product import ROOT
from setup_console import say
from sources import BUILD, BuildError, unpack
from stage import RATE, Stage, stage
from waiting import wait_until

DEMO = ROOT / "resources" / "demo" / "Unbraid demo.flac"
LIBRARY = ".local/share/Unbraid"
PICTURES = BUILD / "proof"
# No model can be fetched: Sketch stands in, as it does for a user without a connection.
_OFFLINE = {"UNBRAID_MODEL_URL": "http://127.0.0.1:9"}
# What the system's own libraries keep for a user, whichever programs use them.
_OTHERS = (".asoundrc", ".cache/fontconfig/", ".cache/mesa_shader_cache", ".config/pulse/", ".bash", ".profile")
# The driver of an NVIDIA card brings it.
_OF_THE_DRIVER = "libcuda.so.1"
_LISTEN = 3 * RATE
# The player comes up over some 10 ms, so that nothing clicks.
_FADE = RATE // 50


def main(words: Sequence[str]) -> int:
    """Go through it, a line for each thing that was shown. Returns 0 when all was, else 1."""
    parser = argparse.ArgumentParser(prog="prove.py", description="Proves the Linux packages on a bare Debian.")
    editions.add_option(parser)
    edition = editions.EDITIONS[parser.parse_args(words).edition]
    if sys.platform == "win32" or os.geteuid() != 0:
        sys.stderr.write("Making a bare system needs root: sudo build/.venv/bin/python packaging/linux/prove.py\n")
        return 1
    try:
        editions.require_packages(edition)
    except BuildError as error:
        say(str(error))
        return 1
    if not setup_debian.provide(setup_debian.missing("proof"), BUILD / "packages.log"):
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        for prove in (prove_deb, prove_tar):
            with bare_system(BUILD / "bare") as system:
                for shown in prove(system, edition):
                    say(f"ok  {shown}")
    except (ProofError, TimeoutError) as error:
        say(f"NOT OK  {error}")
        return 1
    return 0


def prove_deb(system: BareSystem, edition: Edition) -> Iterator[str]:
    """The .deb, by the mouse's stand-in: the keyboard."""
    deb = edition.deb
    shutil.copy(deb, system.root / "tmp")
    system.run("apt-get", "update")
    system.run("apt-get", "install", "-y", f"/tmp/{deb.name}")
    if system.run("sh", "-c", "ls /usr/bin/python3* 2>/dev/null || true").strip():
        raise ProofError("there is a Python on the bare system, so nothing is proven")
    yield f"{deb.name} installed on a bare Debian; no Python there"
    yield _whole(system, "/usr/lib/unbraid")
    with stage(system) as seen:
        yield from _used(system, seen, "unbraid")
        yield from _killed(system, seen, "unbraid")
    system.run("apt-get", "purge", "-y", edition.package)
    yield _removed(system, "/usr/lib/unbraid", "/usr/bin/unbraid", "/usr/share/applications/unbraid.desktop")


def prove_tar(system: BareSystem, edition: Edition) -> Iterator[str]:
    """The tar: for one user, without root; and portable."""
    system.run("apt-get", "update")
    system.run("apt-get", "install", "-y", *_dependencies())
    unpacked = unpack(edition.tar, system.root / "opt" / "unpacked")
    inside = f"/opt/unpacked/{unpacked.name}"
    for again in ("installed", "installed over itself"):
        system.ask(f"{inside}/install.sh")
        yield f"{edition.tar.name} {again}, by the user"
    program = f"/home/{USER}/.local/lib/unbraid/unbraid"
    entry = system.home / ".local/share/applications/unbraid.desktop"
    if program not in entry.read_text(encoding="utf-8"):
        raise ProofError("the menu entry does not start what was installed")
    with stage(system, "1024x640") as seen:
        yield from _used(system, seen, program)
    yield _portable(system, unpacked, inside)
    system.ask(f"/home/{USER}/.local/lib/unbraid/uninstall.sh")
    yield _removed(
        system, program, f"/home/{USER}/.local/bin/unbraid", f"/home/{USER}/.local/share/applications/unbraid.desktop"
    )


def _whole(system: BareSystem, folder: str) -> str:
    """Every library of the bundle finds what it is linked with, where the running app looks for it."""
    looks_in = ":".join(f"{folder}/_internal/{name}" for name in ("", "av.libs", "PySide6/Qt/lib", "openvino/libs"))
    words = f"find {folder} -name '*.so*' -type f -exec env LD_LIBRARY_PATH={looks_in} ldd {{}} + | grep 'not found' || true"
    missing = {line.split("=>")[0].strip() for line in system.run("sh", "-c", words).splitlines()} - {_OF_THE_DRIVER}
    if missing:
        raise ProofError(f"libraries that the bundle wants and nobody has: {', '.join(sorted(missing))}")
    return "every library finds those that it needs"


def _used(system: BareSystem, seen: Stage, program: str) -> Iterator[str]:
    """A first visit: the demo song by Tab and Return, played by Space, closed by Ctrl-Q."""
    log = PICTURES / "window.log"
    window = system.start(log, program, **seen.environment, **_OFFLINE)
    wait_until(lambda: seen.window("Unbraid"), "the window opens")
    seen.to_front(seen.window("Unbraid"))
    yield "the window opens"
    # Until its library is open the window shows no page, and nobody is as quick as a program.
    wait_until(lambda: any(" worker " in line for line in system.processes()), "the worker starts")
    seen.key("Tab", "Return")  # from "Add songs…", where the focus begins
    wait_until(lambda: _states(system, program) == ["completed"], "the demo song is separated", 300)
    yield f"the demo song is separated by the bundled Redis and worker: {_how(system, program)}"
    seen.key("space")
    seen.shot(PICTURES / f"{Path(program).parent.name or program}.png")
    wait_until(lambda: _sounding(seen.heard()) > _LISTEN, "the stems are heard")
    yield _exact(seen.heard())
    seen.shot(PICTURES / f"{Path(program).parent.name or program}.png")
    seen.key("space", "ctrl+q")
    wait_until(lambda: window.poll() is not None, "the window closes")
    if window.returncode:
        raise ProofError(f"the window ended with {window.returncode}: {log.read_text(errors='replace')[-2000:]}")
    wait_until(lambda: not system.processes(), "everything ends", 30)
    yield "it quits in order, and nothing is left running"


def _killed(system: BareSystem, seen: Stage, program: str) -> Iterator[str]:
    window = system.start(PICTURES / "window.log", program, **seen.environment, **_OFFLINE)
    wait_until(lambda: sum("worker" in line for line in system.processes()) >= 2, "the workers run")
    wait_until(lambda: any("redis-server" in line for line in system.processes()), "Redis runs")
    window.kill()
    window.wait()
    wait_until(lambda: not system.processes(), "a killed window leaves nothing", 30)
    if _states(system, program) != ["completed"]:
        raise ProofError("a killed window lost its song")
    yield "kill -9 leaves no process and loses no song"


def _portable(system: BareSystem, unpacked: Path, inside: str) -> str:
    library = unpacked / "Unbraid Library"
    library.mkdir()
    library.chmod(0o777)
    before = system.files_of_the_user()
    if _states(system, f"{inside}/unbraid"):
        raise ProofError("a portable app sees the user's other library")
    if system.files_of_the_user() != before or not (library / "library.db").exists():
        raise ProofError("a portable app does not keep to its folder")
    return "with a folder “Unbraid Library” beside it, it keeps everything there"


def _removed(system: BareSystem, *places: str) -> str:
    left = [place for place in places if (system.root / place.lstrip("/")).exists()]
    strange = [path for path in system.files_of_the_user() if not path.startswith((f"{LIBRARY}/", *_OTHERS))]
    if left or strange:
        raise ProofError(f"removing leaves {', '.join(left + strange)}")
    if not (system.home / LIBRARY / "library.db").exists():
        raise ProofError("removing took the user's library along")
    return "removed; the user's library is all that is left"


def _states(system: BareSystem, program: str) -> list[str]:
    return [job["status"] for job in json.loads(system.ask(program, "jobs", "--json"))]


def _how(system: BareSystem, program: str) -> str:
    job = json.loads(system.ask(program, "jobs", "--json"))[0]
    return f"null {job['null_dbfs']:.0f} dBFS"


def _sounding(heard: NDArray[np.float32]) -> int:
    return int(np.count_nonzero(np.abs(heard).max(axis=1)))


def _exact(heard: NDArray[np.float32]) -> str:
    """All lanes together are the song, sample for sample, once the player has come up."""
    song = soundfile.read(DEMO, dtype="float32", always_2d=True)[0]
    size = len(heard) + len(song)
    match = np.fft.irfft(np.fft.rfft(heard[:, 0], size) * np.conj(np.fft.rfft(song[:, 0], size)), size)
    start = int(np.argmax(match[: len(heard)]))
    frames = min(len(heard) - start, len(song), _LISTEN)
    difference = float(np.abs(heard[start + _FADE : start + frames] - song[_FADE:frames]).max())
    if difference > 0.0:
        raise ProofError(f"what was heard differs from the song by {difference}")
    return f"the sound card got the song, {frames / RATE:.1f} s of it, sample for sample"


def _dependencies() -> list[str]:
    """What a desktop has anyway, and the .deb would have brought."""
    from make_packages import DEPENDS, RECOMMENDS

    return [part.split("(")[0].split("|")[0].strip() for part in f"{DEPENDS}, {RECOMMENDS}".split(",")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
