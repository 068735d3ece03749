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
_PATIENCE, _BLOCK = 60.0, 1 << 20
# Bytes: the archive has 20 MB.
_MOST = 200 << 20


class FetchError(Exception):
    """It was not had; the message says why, and what to do."""


def main(words: Sequence[str]) -> int:
    """Put the server and its libraries into the folder that `words` name. Returns the exit status."""
    if len(words) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        files = fetch(tomllib.loads(PIN.read_text(encoding="utf-8")), Path(words[0]))
    except FetchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


def fetch(pin: Mapping[str, Any], folder: Path) -> list[Path]:
    """Download what `pin` names into `folder`, made anew. Returns the files in it. Raises FetchError."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "redis.zip"
        found = _download(pin["url"], archive)
        if found != pin["sha256"]:
            raise FetchError(
                f"{pin['url']} is not the file that was pinned: its SHA-256 is {found}, not {pin['sha256']}. "
                f"Nothing of it was kept. Find out why before you change {PIN.name}."
            )
        return _unpack(pin, archive, folder)


def _download(url: str, target: Path) -> str:
    """The SHA-256 of what came."""
    digest, size = hashlib.sha256(), 0
    try:
        with urlopen(url, timeout=_PATIENCE) as answer, target.open("wb") as file:
            while block := answer.read(_BLOCK):
                size += len(block)
                if size > _MOST:
                    raise FetchError(f"{url} is larger than {_MOST >> 20} MiB, so it is not what was pinned.")
                digest.update(block)
                file.write(block)
    except (URLError, OSError) as error:
        raise FetchError(f"{url} could not be downloaded: {error}. Look at the connection, then try again.") from error
    return digest.hexdigest()


def _unpack(pin: Mapping[str, Any], archive: Path, folder: Path) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            place, _, file = name.rpartition("/")
            if place == pin["folder"] and file in pin["files"]:
                (folder / file).write_bytes(packed.read(name))
    lacking = [name for name in pin["files"] if not (folder / name).is_file()]
    if lacking:
        raise FetchError(f"{pin['url']} holds no {' and no '.join(lacking)} in {pin['folder']}. Look into it.")
    return sorted(folder.iterdir())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
