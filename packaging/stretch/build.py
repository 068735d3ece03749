"""Builds Signalsmith Stretch behind a C interface: `python packaging/stretch/build.py FOLDER [SCRATCH]`.

Signalsmith Stretch changes speed and pitch during playback. Its header is in the source archive of python-stretch, whose
own Python module cannot stream. SCRATCH is the folder for downloads and compilation, default `build`. Requires only the
standard library and a C++ compiler.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sources import BUILD, BuildError, fetch_files, run_compile_step, unpack

SOURCE = Path(__file__).with_name("stretch.cpp")
LIBRARY = {"win32": "unbraid-stretch.dll", "darwin": "libunbraid-stretch.dylib"}.get(
    sys.platform, "libunbraid-stretch.so"
)
COMPILERS = ("cl", "clang++", "g++") if sys.platform == "win32" else ("c++", "g++", "clang++")
# Without -ffast-math, which is no faster here, and makes the whole process that loads the library lose subnormals.
GNU_FLAGS = ("-std=c++14", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-g0", "-shared")
GNU_FLAGS_OF_SYSTEM = {"win32": ("-static",), "linux": ("-fPIC", "-s"), "darwin": ("-fPIC",)}
MICROSOFT_FLAGS = ("/nologo", "/std:c++14", "/O2", "/EHsc", "/LD", "/MT", "/Brepro")


def main(into: Path, scratch: Path = BUILD) -> None:
    """Build the library into the folder `into`, with downloads and log in `scratch`. Raises BuildError."""
    compiler = find_compiler()
    if compiler is None:
        raise BuildError(f"There is no C++ compiler: none of {', '.join(COMPILERS)} was found.")
    log = scratch / "stretch.log"
    log.unlink(missing_ok=True)
    tree = unpack(fetch_files("python-stretch", scratch / "sources")[0], scratch / "stretch-source")
    shutil.copy(SOURCE, tree)
    run_compile_step(tree, compile_command(compiler), log)
    into.mkdir(parents=True, exist_ok=True)
    partial = into / f"{LIBRARY}.partial"
    shutil.copy(tree / LIBRARY, partial)
    # In one step: an app that runs keeps the library that it has loaded.
    partial.replace(into / LIBRARY)


def find_compiler() -> str | None:
    """Return the path of a C++ compiler, or None."""
    if sys.platform == "darwin" and subprocess.run(["xcode-select", "-p"], capture_output=True, check=False).returncode:
        return None  # there is a c++, but it only asks the user to install Apple's tools
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


def compile_command(compiler: str) -> Sequence[str]:
    """Return the command that compiles and links the library in the folder of its sources."""
    if Path(compiler).stem == "cl":
        return [compiler, *MICROSOFT_FLAGS, "/Iinclude", SOURCE.name, f"/Fe:{LIBRARY}", "/link", "/Brepro"]
    flags = [*GNU_FLAGS, *GNU_FLAGS_OF_SYSTEM.get(sys.platform, ("-fPIC",))]
    return [compiler, *flags, "-Iinclude", SOURCE.name, "-o", LIBRARY]


if __name__ == "__main__":
    try:
        main(*(Path(folder).resolve() for folder in sys.argv[1:]))
    except (BuildError, OSError) as error:
        sys.exit(str(error))
