"""Writes the update feed with its minisign signature, and generates the key pair. See resources/updates.toml.

    .venv/bin/python packaging/feed.py key FOLDER              a new key pair, in a folder outside the repository
    .venv/bin/python packaging/feed.py sign --key FILE --version 1.3.0 --page https://… [ARTIFACT …]

`sign` writes dist/updates.json, with the version, its page, and the digest of each artifact, and its signature
dist/updates.json.minisig. The minisign program can sign the file as well: `minisign -S -s FILE -m dist/updates.json`.
"""

import argparse
import getpass
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signing_key import KeyFileError, SigningKey

from desktop.errors import UpdateError
from desktop.updates.check import parse_feed
from desktop.updates.minisign import PublicKey

ROOT = Path(__file__).resolve().parent.parent
NAME = "updates.json"


def main(argv: Sequence[str]) -> int:
    """Run the command in `argv` and return the exit status: 0 done, 1 failed with a message."""
    parser = argparse.ArgumentParser(prog="feed.py", description="Make the signed update feed.")
    commands = parser.add_subparsers(required=True)
    key = commands.add_parser("key", help="make a key pair")
    key.add_argument("folder", type=Path, help="folder for the key, outside the repository")
    key.add_argument("--no-password", action="store_true", help="do not encrypt the secret key")
    key.set_defaults(run=make_key)
    sign = commands.add_parser("sign", help="write the feed for a version, and its signature")
    sign.add_argument("--key", type=Path, required=True, help="the secret key")
    sign.add_argument("--version", required=True)
    sign.add_argument("--page", required=True, help="https address of the release page")
    sign.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder to write to (default: dist)")
    sign.add_argument("artifacts", type=Path, nargs="*", help="the files that are released")
    sign.set_defaults(run=write_feed)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except (KeyFileError, UpdateError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def make_key(arguments: argparse.Namespace) -> None:
    """Generate a key pair and write unbraid.key and unbraid.pub. Raises KeyFileError, OSError."""
    folder: Path = arguments.folder.resolve()
    if folder.is_relative_to(ROOT):
        raise KeyFileError(f"{folder} lies in the repository, where a secret key must never be. Name another folder.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = SigningKey.generate()
    secret = key.secret_file("" if arguments.no_password else prompt_new_password())
    # Never overwrite a key, and create the file readable only by this user.
    descriptor = os.open(folder / "unbraid.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
    (folder / "unbraid.pub").write_text(key.public_file(), encoding="utf-8")
    sys.stdout.write(f'For resources/updates.toml:\nkey = "{key.public}"\n')


def write_feed(arguments: argparse.Namespace) -> None:
    """Write the feed and its signature, after checking both as the app does.

    Raises KeyFileError, UpdateError, OSError.
    """
    key = SigningKey.parse(arguments.key.read_text(encoding="utf-8"), lambda: getpass.getpass("Password of the key: "))
    data = format_feed(arguments.version, arguments.page, arguments.artifacts)
    parse_feed(data)
    signature = key.sign(data, f"timestamp:{int(time.time())}\tfile:{NAME}\thashed")
    PublicKey.parse(key.public).verify(data, signature)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / NAME).write_bytes(data)
    (arguments.out / f"{NAME}.minisig").write_text(signature, encoding="utf-8", newline="\n")
    sys.stdout.write(f"Put both where resources/updates.toml says: {arguments.out / NAME} and its .minisig.\n")


def format_feed(version: str, page: str, artifacts: Sequence[Path]) -> bytes:
    """Return the content of the feed as JSON. Raises OSError."""
    content: dict[str, Any] = {
        "version": version,
        "page": page,
        "artifacts": [describe_artifact(path) for path in artifacts],
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def describe_artifact(path: Path) -> dict[str, str | int]:
    """Return name, size in bytes and SHA-256 of a released file. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def prompt_new_password() -> str:
    """Prompt for a new password twice and return it. Raises KeyFileError if it is empty or the two differ."""
    password = getpass.getpass("A password for the new key: ")
    if not password:
        raise KeyFileError("No password was typed. --no-password makes a key without one.")
    if getpass.getpass("Again: ") != password:
        raise KeyFileError("The two passwords are not the same. Nothing was written.")
    return password


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
