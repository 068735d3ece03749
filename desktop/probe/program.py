"""Composition root of the child process: what it can be asked. It knows neither Qt, nor Celery, nor torch."""

from dataclasses import asdict
from pathlib import Path

from desktop.audio.tags import read_tags
from desktop.lifetime import end_with_parent
from desktop.probe.server import Answer, serve


def main() -> int:
    """Answer until nobody asks any more. Returns the exit status."""
    end_with_parent()
    serve({"tags": _tags, "picture": _picture})
    return 0


def _tags(path: str) -> Answer:
    tags = asdict(read_tags(Path(path)))
    return tags, tags.pop("cover") or b""


def _picture(path: str, side: int) -> Answer:
    # Not sooner: FFmpeg doubles the memory of a child that is only asked for tags.
    from desktop.probe.picture import read_picture

    picture = read_picture(Path(path), side)
    return ({"turned": picture.turned}, picture.pixels) if picture else ({}, b"")
