"""The files that Unbraid opens, out of resources/file_types.toml, as each system is told of them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent.parent / "resources" / "file_types.toml"


@dataclass(frozen=True)
class FileType:
    """One type of file."""

    title: str
    extensions: tuple[str, ...]
    """Without the dot, the usual one first."""
    mime: tuple[str, ...]
    uti: str


def file_types() -> list[FileType]:
    """All of them, in the order of the table."""
    return [_read(entry) for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["type"]]


def mime_types() -> list[str]:
    """For a desktop entry on Linux, each once."""
    return list(dict.fromkeys(name for kind in file_types() for name in kind.mime))


def _read(entry: dict[str, Any]) -> FileType:
    return FileType(entry["title"], tuple(entry["extensions"]), tuple(entry["mime"]), entry["uti"])
