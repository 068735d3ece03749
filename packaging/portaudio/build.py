"""Builds the PortAudio of the packaged app on Linux: `python packaging/portaudio/build.py FOLDER`.

On Windows and macOS the sounddevice package contains one.
"""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, fetch_files, run_compile_step, run_logged, unpack

# ALSA exists on every Linux, and routes to PipeWire and PulseAudio; Debian's own build would require JACK.
FLAGS = ("--with-alsa", "--without-jack", "--without-oss", "--enable-shared", "--disable-static")


def main(into: Path) -> None:
    """Build `libportaudio.so.2` and copy it with its licence into the folder `into`. Raises BuildError."""
    log = BUILD / "portaudio.log"
    log.unlink(missing_ok=True)
    tree = unpack(fetch_files("portaudio")[0], BUILD / "portaudio-source")
    run_compile_step(tree, [tree / "configure", *FLAGS], log, CFLAGS="-O2")
    run_compile_step(tree, ["make", f"-j{os.cpu_count()}", "lib/libportaudio.la"], log)
    into.mkdir(parents=True, exist_ok=True)
    library = Path(shutil.copy(tree / "lib" / ".libs" / "libportaudio.so.2", into))
    run_logged(["strip", "--strip-unneeded", library], log)
    shutil.copy(tree / "LICENSE.txt", into / "LICENSE.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
