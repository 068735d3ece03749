"""Downloads the Redis for Windows that redis.toml pins: `python packaging/windows/fetch_redis.py FOLDER`.

Standard library only. What does not have the pinned digest is not unpacked, and nothing of it stays.
"""

import hashlib
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

PIN = Path(__file__).with_name("redis.toml")
_TIMEOUT_S = 60.0
_BLOCK_BYTES = 1 << 20
# The archive has 20 MB.
_MAX_BYTES = 200 << 20


class FetchError(Exception):
    """The download failed; the message says why, and what to do."""


def main(argv: Sequence[str]) -> int:
    """Download the server and its libraries into the folder in `argv`, and return the exit status."""
    if len(argv) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        files = fetch(tomllib.loads(PIN.read_text(encoding="utf-8")), Path(argv[0]))
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


def fetch(pin: Mapping[str, Any], folder: Path) -> list[Path]:
    """Replace `folder` with the pinned files and return their paths. Raises FetchError.

    `pin` has `url`, `sha256`, `folder` (in the archive) and `files` (names).
    """
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "redis.zip"
        actual = _download(pin["url"], archive)
        if actual != pin["sha256"]:
            raise FetchError(
                f"{pin['url']} is not the file that was pinned: its SHA-256 is {actual}, not {pin['sha256']}. "
                f"Nothing of it was kept. Find out why before you change {PIN.name}."
            )
        return _unpack(pin, archive, folder)


def _download(url: str, target: Path) -> str:
    """Download `url` to `target` and return its SHA-256. Raises FetchError."""
    digest, size = hashlib.sha256(), 0
    try:
        with urlopen(url, timeout=_TIMEOUT_S) as response, target.open("wb") as file:
            while block := response.read(_BLOCK_BYTES):
                size += len(block)
                if size > _MAX_BYTES:
                    raise FetchError(f"{url} is larger than {_MAX_BYTES >> 20} MiB, so it is not what was pinned.")
                digest.update(block)
                file.write(block)
    except (URLError, OSError) as error:
        raise FetchError(f"{url} could not be downloaded: {error}. Look at the connection, then try again.") from error
    return digest.hexdigest()


def _unpack(pin: Mapping[str, Any], archive: Path, folder: Path) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as members:
        for name in members.namelist():
            parent, _, file = name.rpartition("/")
            if parent == pin["folder"] and file in pin["files"]:
                (folder / file).write_bytes(members.read(name))
    missing = [name for name in pin["files"] if not (folder / name).is_file()]
    if missing:
        raise FetchError(f"{pin['url']} holds no {' and no '.join(missing)} in {pin['folder']}. Look into it.")
    return sorted(folder.iterdir())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
