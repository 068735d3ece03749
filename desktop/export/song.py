"""Export of one song: all of its files, or none."""

from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.audio.stems import stem_title
from desktop.audio_formats import WAV
from desktop.errors import UnusableTrackError
from desktop.export.daw_project import create_project_files, write_project_files
from desktop.export.names import move_into_place, part_file_names
from desktop.export.rendered_parts import RenderedParts
from desktop.export.settings import EXPORT_DEPTHS, ExportKind, ExportSettings
from desktop.export.stems import AdvanceCallback, export_stems, stem_file_size
from desktop.export.target_folder import hidden_folder
from desktop.jobs.export_job import NO_STEMS_REASON, Moves
from desktop.jobs.model import Job, Stem
from desktop.paths import Home
from desktop.text.message import Message

_SAMPLE_BYTES = {"16": 2, "24": 3, "32f": 4}
_HAS_NO_SUCH_STEMS = Message("It has none of the chosen stems.")


def export_song(
    job: Job,
    settings: ExportSettings,
    folder: Path,
    home: Home,
    advance: AdvanceCallback,
    export_id: str = "",
    on_moving: Callable[[Moves], None] = lambda moves: None,
) -> tuple[Path, ...]:
    """Write the files of one song to `folder`, which exists, completely or not at all. Return them.

    Stems are copied or converted (`export_stems`), or rendered as the player plays them (`RenderedParts`), from the
    library at `home`, with a project beside them if the settings have one. Existing files are not overwritten (`move_into_place`, which calls `on_moving`), and no files are
    left after an error. `advance` gets the number of source bytes since the last call. After a kill,
    `delete_hidden_folders` with the same `export_id` deletes what is left.

    Raises UnusableTrackError if the song has nothing to write, or if a stem is missing or damaged, StorageError if the
    folder cannot be written, and any error that `advance` or `on_moving` raises.
    """
    if not job.stems:
        raise UnusableTrackError(NO_STEMS_REASON)
    cover = _read_cover(home.job_folder(job.id).cover)
    with hidden_folder(job, folder, export_id) as hidden:
        if settings.copies_stems:
            stems = chosen_stems(job, settings)
            if not stems:
                raise UnusableTrackError(_HAS_NO_SUCH_STEMS)
            files = export_stems(job, stems, hidden, settings, advance, cover)
            named_job, titles = job, [stem_title(stem.name) for stem in stems]
        else:
            parts = RenderedParts(job, settings, home)
            files = parts.write(hidden, advance, cover)
            named_job, titles = parts.written_job, parts.titles

        def finish(moves: Moves) -> None:
            """Write the project, which has the names of the other files, then continue."""
            write_project_files(job, settings, home, titles, moves)
            on_moving(moves)

        all_titles = [*titles, *(file.title for file in settings.project_files)]
        names = part_file_names(named_job, all_titles, settings.name_template)
        return tuple(move_into_place([*files, *create_project_files(hidden, settings)], folder, names, finish))


def export_latest(
    job_id: str, get_job: Callable[[str], Job], export: Callable[[Job], tuple[Path, ...]]
) -> tuple[Job, tuple[Path, ...]]:
    """Export the job as its row is now, and return it with its files; once more if its stems are replaced meanwhile.

    `get_job` returns the row of a job. Raises UnknownJobError if it is gone, and what `export` raises.
    """
    latest = get_job(job_id)
    try:
        return latest, export(latest)
    except UnusableTrackError:
        # The job was just separated again, and its former stems were deleted.
        reread = get_job(job_id)
        if reread.stems in (latest.stems, ()):
            raise
        return reread, export(reread)


def chosen_stems(job: Job, settings: ExportSettings) -> list[Stem]:
    """Return the stems of the job that the settings name, in its order."""
    return [stem for stem in job.stems if settings.stems is None or stem.name in settings.stems]


def needed_bytes(jobs: Sequence[Job], settings: ExportSettings) -> int:
    """Return how much space an export needs at least: of stems that are copied, and of WAV files."""
    return sum(_needed_bytes(job, settings) for job in jobs)


def _needed_bytes(job: Job, settings: ExportSettings) -> int:
    stems = chosen_stems(job, settings)
    if settings.copies_stems:
        return sum(stem_file_size(stem.path) for stem in stems if stem.path.suffix == settings.suffix)
    changes_length = settings.applies_practice or settings.is_loop_only
    if settings.audio_format != WAV or changes_length or not (job.seconds and job.channels and job.sample_rate):
        return 0
    # With the levels of the player, stems that are muted are left out.
    may_be_one = settings.kind is ExportKind.MIX or (settings.kind is ExportKind.STEMS and settings.applies_levels)
    frames = job.seconds * (settings.sample_rate or job.sample_rate)
    sample_bytes = _SAMPLE_BYTES[settings.depth or EXPORT_DEPTHS[0]]
    return (min(1, len(stems)) if may_be_one else len(stems)) * int(frames * job.channels * sample_bytes)


def _read_cover(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
