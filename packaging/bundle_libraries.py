"""System libraries that go into the bundle on Linux, and those that the user's system must have.

PyInstaller copies every library of the build machine that a package might use: GTK for a theme of Qt, JACK, a graphics
driver. This module lists every allowed library; all others are left out, and the build prints their names.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

# Entry of PyInstaller's lists: path in the bundle, source path, and "BINARY", "EXTENSION" or "SYMLINK".
Entry = tuple[str, str, str]

# Libraries that Python packages are linked with but do not contain.
BUNDLED_LIBRARIES = (
    # The display.
    *("libX11.so.6", "libX11-xcb.so.1", "libXau.so.6", "libXdmcp.so.6", "libbsd.so.0", "libmd.so.0"),
    *("libxcb-cursor.so.0", "libxcb-glx.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0", "libxcb-keysyms.so.1"),
    *("libxcb-randr.so.0", "libxcb-render.so.0", "libxcb-render-util.so.0", "libxcb-shape.so.0", "libxcb-shm.so.0"),
    *("libxcb-sync.so.1", "libxcb-util.so.1", "libxcb-xfixes.so.0", "libxcb-xkb.so.1"),
    *("libxkbcommon.so.0", "libxkbcommon-x11.so.0"),
    # Fonts.
    *("libfontconfig.so.1", "libfreetype.so.6", "libpng16.so.16", "libexpat.so.1"),
    *("libbrotlicommon.so.1", "libbrotlidec.so.1"),
    # Qt's core and network; GLib uses PCRE, version 1 on Ubuntu 22.04 and 2 on newer systems.
    *("libglib-2.0.so.0", "libgthread-2.0.so.0", "libpcre2-8.so.0", "libpcre.so.3", "libz.so.1", "libzstd.so.1"),
    *("libgssapi_krb5.so.2", "libkrb5.so.3", "libk5crypto.so.3", "libkrb5support.so.0", "libcom_err.so.2"),
    "libkeyutils.so.1",
    # Finds the driver of Intel's graphics for OpenVINO.
    "libOpenCL.so.1",
    # Python, and the libraries of modules in its standard library.
    *("libpython3.*", "libssl.so.3", "libcrypto.so.3", "libffi.so.*", "libsqlite3.so.0", "libuuid.so.1"),
    *("libbz2.so.1*", "liblzma.so.5"),
)
# Libraries that the user's system must have.
SYSTEM_LIBRARIES = (
    # The C library with all its parts, and the compiler's, which a driver of the system may need in a newer version.
    *("ld-linux*.so.*", "libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1"),
    *("libresolv.so.2", "libutil.so.1", "libstdc++.so.6", "libgcc_s.so.1"),
    # Libraries that must match the graphics driver, the display server and the user's session.
    *("libGL.so.1", "libEGL.so.1", "libxcb.so.1", "libwayland-*.so.*", "libdbus-1.so.3", "libcuda.so.1"),
    # Sound: ALSA finds its plugins beside the system's library; the client of the sound server must match the server.
    *("libasound.so.2", "libpulse.so.0"),
)


def select_libraries(entries: Sequence[Entry], our_folders: Sequence[Path]) -> tuple[list[Entry], list[str]]:
    """Return the entries that go into the bundle, and the names of dropped libraries that are in no list here.

    `our_folders`: folders whose files all go in. Python modules, and links to files that go in, are kept, too.
    """
    dropped = {
        place
        for place, source, kind in entries
        if kind == "BINARY"
        and not _matches_any(Path(place).name, BUNDLED_LIBRARIES)
        and not _is_inside_any(source, our_folders)
    }
    kept = [entry for entry in entries if entry[0] not in dropped and _link_target(entry) not in dropped]
    return kept, sorted(name for place in dropped if not _matches_any(name := Path(place).name, SYSTEM_LIBRARIES))


def find_missing_libraries(bundle: Path) -> dict[str, str]:
    """Return libraries that neither the bundle nor `SYSTEM_LIBRARIES` has, each with a file that is linked with it."""
    libraries = [path for path in bundle.rglob("*.so*") if path.is_file()]
    bundled_names = {path.name for path in libraries}
    files = sorted(path for path in libraries if not path.is_symlink())
    needed = {name: file for file in reversed(files) for name in _linked_libraries(file)}
    return {
        name: file.name
        for name, file in sorted(needed.items())
        if name not in bundled_names and not _matches_any(name, SYSTEM_LIBRARIES)
    }


def _linked_libraries(library: Path) -> list[str]:
    command = ["readelf", "--dynamic", "--wide", str(library)]
    environment = os.environ | {"LC_ALL": "C"}
    output = subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout
    lines = [line for line in output.splitlines() if "(NEEDED)" in line]
    return [line.partition("[")[2].rstrip("]") for line in lines]


def _matches_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _is_inside_any(source: str, folders: Iterable[Path]) -> bool:
    return any(Path(source).is_relative_to(folder) for folder in folders)


def _link_target(entry: Entry) -> str:
    """Return the target of a link as a path in the bundle, or an empty string for a file."""
    place, source, kind = entry
    return os.path.normpath(Path(place).parent / source) if kind == "SYMLINK" else ""
