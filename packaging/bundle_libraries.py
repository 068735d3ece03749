"""Libraries of the Linux that builds: which of them go into the bundle, and which the Linux that runs it must have.

PyInstaller takes a copy of whatever is installed where it runs and might be of use to a package: GTK for a theme of Qt's,
JACK, a graphics driver. Here every library is named; no other gets in, and the build says which those are.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

# Of PyInstaller's lists: the place in the bundle, where it is now, and "BINARY", "EXTENSION" or "SYMLINK".
Entry = tuple[str, str, str]

# Libraries that packages of Python are linked with and do not bring.
BUNDLED_LIBRARIES = (
    # The screen.
    *("libX11.so.6", "libX11-xcb.so.1", "libXau.so.6", "libXdmcp.so.6", "libbsd.so.0", "libmd.so.0"),
    *("libxcb-cursor.so.0", "libxcb-glx.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0", "libxcb-keysyms.so.1"),
    *("libxcb-randr.so.0", "libxcb-render.so.0", "libxcb-render-util.so.0", "libxcb-shape.so.0", "libxcb-shm.so.0"),
    *("libxcb-sync.so.1", "libxcb-util.so.1", "libxcb-xfixes.so.0", "libxcb-xkb.so.1"),
    *("libxkbcommon.so.0", "libxkbcommon-x11.so.0"),
    # Its fonts.
    *("libfontconfig.so.1", "libfreetype.so.6", "libpng16.so.16", "libexpat.so.1"),
    *("libbrotlicommon.so.1", "libbrotlidec.so.1"),
    # Qt's core and network; PCRE is GLib's, 1 on Ubuntu 22.04 and 2 later on.
    *("libglib-2.0.so.0", "libgthread-2.0.so.0", "libpcre2-8.so.0", "libpcre.so.3", "libz.so.1", "libzstd.so.1"),
    *("libgssapi_krb5.so.2", "libkrb5.so.3", "libk5crypto.so.3", "libkrb5support.so.0", "libcom_err.so.2"),
    "libkeyutils.so.1",
    # What finds the driver of Intel's graphics, for OpenVINO.
    "libOpenCL.so.1",
    # Python, and what modules of its standard library are linked with.
    *("libpython3.*", "libssl.so.3", "libcrypto.so.3", "libffi.so.*", "libsqlite3.so.0", "libuuid.so.1"),
    *("libbz2.so.1*", "liblzma.so.5"),
)
# Libraries that are left to the Linux that runs the bundle.
SYSTEM_LIBRARIES = (
    # The C library with all its parts, and the compiler's, of which a driver of the system may need a newer one.
    *("ld-linux*.so.*", "libc.so.6", "libm.so.6", "libmvec.so.1", "libdl.so.2", "libpthread.so.0", "librt.so.1"),
    *("libresolv.so.2", "libutil.so.1", "libstdc++.so.6", "libgcc_s.so.1"),
    # What must fit the driver of the graphics card, the server of the screen, and the user's session.
    *("libGL.so.1", "libEGL.so.1", "libxcb.so.1", "libwayland-*.so.*", "libdbus-1.so.3", "libcuda.so.1"),
    # The sound of every Linux is where ALSA's plugins are.
    "libasound.so.2",
)


def select_libraries(entries: Sequence[Entry], our_folders: Sequence[Path]) -> tuple[list[Entry], list[str]]:
    """Return the entries that go into the bundle, and the names of the others that no list here has.

    `ours`: folders whose files all go in. So do modules of Python, and links to what goes in.
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
    """Return what libraries of the bundle are linked with and neither it nor the system has, with one that needs it."""
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
    words = ["readelf", "--dynamic", "--wide", str(library)]
    told = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C"}).stdout
    lines = [line for line in told.splitlines() if "(NEEDED)" in line]
    return [line.partition("[")[2].rstrip("]") for line in lines]


def _matches_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _is_inside_any(source: str, folders: Iterable[Path]) -> bool:
    return any(Path(source).is_relative_to(folder) for folder in folders)


def _link_target(entry: Entry) -> str:
    """The place that a link leads to, which is written from the folder that the link is in; nothing for a file."""
    place, source, kind = entry
    return os.path.normpath(Path(place).parent / source) if kind == "SYMLINK" else ""
