"""File names of exported files, and moving them into place without overwriting."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

from desktop.audio.names import make_distinct, safe_file_name
from desktop.jobs.export_job import Moves
from desktop.jobs.model import Job
from desktop.text.message import Message

NAME_FIELDS = ("artist", "title", "album", "part", "tempo", "key")
"""Fields of a name template, in braces: "{title}". `part` is the title of a stem, or of another part of the song."""
DEFAULT_NAME_TEMPLATE = "{artist} - {title} ({part})"
# Maximum length of a file name in UTF-8 bytes on every file system in use; eCryptfs (encrypted home folders on Linux)
# is the strictest. The last bytes are reserved for the number of a part, that of a set and the suffix.
_MAX_NAME_BYTES = 143 - len(" 99 999999.stem.mp4")
_MAX_FIELD_BYTES = 50
_MAX_PART_BYTES = 30
_MISSING = "\0"
"""Stands for an empty field until the separator or the brackets around it are removed."""
_FIELD = re.compile(r"\{(\w+)\}")
_MISSING_FIELD = re.compile(r"[(\[{]\0[)\]}]|\0\s*[-–—_,·]\s*|\s*[-–—_,·]\s*\0|\0")


def check_name_template(template: str) -> Message | None:
    """Return why a template cannot name files, as a sentence; None if it can."""
    unknown = [field for field in _FIELD.findall(template) if field not in NAME_FIELDS]
    if unknown:
        field = "{" + unknown[0] + "}"
        return Message("There is no field {field}.", field=field)
    if not {"title", "artist", "album", "part"} & set(_FIELD.findall(template)):
        return Message("The name needs at least one of {fields}.", fields="{title}, {artist}, {album}, {part}")
    return None


def part_file_names(job: Job, parts: Sequence[str], template: str = DEFAULT_NAME_TEMPLATE) -> list[str]:
    """Return a distinct file name without suffix for each of the titles `parts`, such as "Artist - Title (Vocals)".

    An empty field or part takes the separator or the brackets around it along. A template without the field `part` gets it if
    there are several parts. Every name is safe on every file system (`safe_file_name`), and differs from the others in
    more than case.
    """
    if len(parts) > 1 and "{part}" not in template:
        template += " ({part})"
    labels = make_distinct([safe_file_name(part, _MAX_PART_BYTES) if part else _MISSING for part in parts])
    fields = _song_fields(job)
    return make_distinct([_file_name(template, fields, job.title, label) for label in labels])


def _song_fields(job: Job) -> dict[str, str]:
    texts = {"artist": job.artist.strip(), "album": job.album.strip(), "key": job.key.name if job.key else ""}
    fields = {name: safe_file_name(text, _MAX_FIELD_BYTES) if text else _MISSING for name, text in texts.items()}
    return fields | {"tempo": f"{job.tempo_bpm:.0f}" if job.tempo_bpm else _MISSING}


def _file_name(template: str, fields: Mapping[str, str], title: str, part: str) -> str:
    """Fill in the template; the title gets as many bytes as the other fields leave, and names what has no other name."""
    if not _fill(template, {**fields, "title": title, "part": part}):
        template = "{title}"
    title_count = max(1, template.count("{title}"))
    other = _fill(template, {**fields, "part": part, "title": "x"})  # without a title, separators might be dropped
    room = max(1, (_MAX_NAME_BYTES - len(other.encode())) // title_count + 1)
    return safe_file_name(
        _fill(template, {**fields, "part": part, "title": safe_file_name(title, room)}), _MAX_NAME_BYTES
    )


def _fill(template: str, fields: Mapping[str, str]) -> str:
    filled = _FIELD.sub(lambda match: fields.get(match[1], match[0]), template)
    return " ".join(_MISSING_FIELD.sub("", filled).split())


def move_into_place(
    parts: Sequence[Path],
    folder: Path,
    names: Sequence[str],
    on_moving: Callable[[Moves], None] = lambda moves: None,
) -> list[Path]:
    """Move the files `parts` to `folder` under the corresponding `names`, with all their suffixes. Return the new paths.

    Existing files are never overwritten: the whole set gets the first number for which no name is taken,
    "… (Vocals) 2.wav". `parts` must be on the same disk as `folder`. `on_moving` is called before the first change in
    `folder`. Raises OSError and what `on_moving` raises, and then leaves no file in `folder`.
    """
    number_suffixes = ("" if number == 1 else f" {number}" for number in count(1))
    candidates = (
        [folder / f"{name}{number_suffix}{''.join(part.suffixes)}" for name, part in zip(names, parts, strict=True)]
        for number_suffix in number_suffixes
    )
    free_candidates = (targets for targets in candidates if not any(map(os.path.lexists, targets)))

    def reserve(targets: Sequence[Path]) -> bool:
        on_moving(tuple(zip(parts, targets, strict=True)))
        return _try_reserve(targets)

    targets = next(targets for targets in free_candidates if reserve(targets))
    try:
        for part, target in zip(parts, targets, strict=True):
            part.replace(target)
    except OSError:
        for target in targets:
            target.unlink(missing_ok=True)
        raise
    return targets


def _try_reserve(targets: Sequence[Path]) -> bool:
    """Reserve all target names with empty files, or none. Return whether they were free.

    Needed because two exports may run at once. Raises OSError.
    """
    reserved: list[Path] = []
    try:
        for target in targets:
            target.open("xb").close()
            reserved.append(target)
    except OSError as error:
        for target in reserved:
            target.unlink()
        if isinstance(error, FileExistsError):
            return False
        raise
    return True
