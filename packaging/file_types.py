"""File types that Unbraid opens, from resources/file_types.toml, as registered on each system."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent.parent / "resources" / "file_types.toml"


@dataclass(frozen=True)
class FileType:
    """File type that Unbraid opens."""

    title: str
    extensions: tuple[str, ...]
    """File name extensions without the dot, the most common one first."""
    mime: tuple[str, ...]
    uti: str


def file_types() -> list[FileType]:
    """Return all file types, in the order of the table."""
    return [_read(entry) for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["type"]]


def mime_types() -> list[str]:
    """Return the MIME types of all file types without duplicates, for a desktop entry on Linux."""
    return list(dict.fromkeys(name for kind in file_types() for name in kind.mime))


def _read(entry: dict[str, Any]) -> FileType:
    return FileType(entry["title"], tuple(entry["extensions"]), tuple(entry["mime"]), entry["uti"])
