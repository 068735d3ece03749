"""Import of ready-made stems, which another program separated, as a completed job."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from desktop.atomic_file import write_atomically
from desktop.audio.names import safe_file_name, storable_file_name
from desktop.audio.ready_stems import ReadyStems, WrittenStems, find_ready_stems
from desktop.audio.stem_names import name_stems
from desktop.audio.tags import Tags
from desktop.jobs.folders import name_job_folder
from desktop.jobs.import_process import ImportCancellation, import_in_process, import_storage_error
from desktop.jobs.model import Job, JobOptions, JobState, Stem
from desktop.jobs.queue import EventSink, JobChanged
from desktop.jobs.recovery import write_backup_record
from desktop.jobs.store import IsDuplicate, JobStore, never_duplicate
from desktop.lyrics.files import keep_lyrics
from desktop.paths import Home
from desktop.probe.client import read_tags
from desktop.settings import READY_STEMS_MODEL

# The fencing token of the import; a run that separates the song again has a higher one.
_TOKEN = 1


def _ignore_progress(_: float) -> None:
    """Do nothing."""


class StemImports:
    """Imports of ready-made stems into one library. Every method is thread-safe."""

    def __init__(self, home: Home, store: JobStore, events: EventSink) -> None:
        self._home = home
        self._store = store
        self._events = events

    def add(
        self,
        paths: Sequence[Path],
        options: JobOptions | None = None,
        *,
        title: str = "",
        is_duplicate: IsDuplicate = never_duplicate,
        report_progress: Callable[[float], None] = _ignore_progress,
        cancellation: ImportCancellation | None = None,
    ) -> Job:
        """Copy the stems in a folder, a stem file (NI) or several files into the library, and return their job.

        Their sum becomes its track. `options` apply if it is separated again. Call `report_progress` with 0 to 1. After
        any error, and after a kill, no job is left. Raises UnusableTrackError if they are no stems of one song;
        DuplicateTrackError if `is_duplicate` returns True for a job of the same stems; StorageError if they cannot be
        written; CancelledError.
        """
        ready = find_ready_stems([path.absolute() for path in paths])
        tags = [read_tags(path) for path in dict.fromkeys(stem.path for stem in ready.stems)]
        song = _describe_song(ready, tags)
        song = replace(song, title=title or song.title)
        job_id = self._home.job_folders.create_id()
        folder = self._home.job_folder(job_id)
        try:
            folder.root.mkdir()
            mixture = folder.source / f"{safe_file_name(song.title)}.wav"
            written = import_in_process(
                ready,
                folder.result_folder(_TOKEN),
                mixture,
                folder.mixture_peaks,
                report_progress,
                cancellation or ImportCancellation(),
            )
            if song.cover:
                with suppress(OSError):  # the cover is optional
                    write_atomically(folder.cover, song.cover, durable=False)
            keep_lyrics(folder, ready.source, song.lyrics)
            new_job = _new_job(job_id, ready, written, options or JobOptions(), song)
            folder = name_job_folder(self._home, new_job)  # before any other process knows the job
            results = folder.result_folder(_TOKEN)
            stems = tuple(
                Stem(stem.name, results / f"{stem.name}.wav", results / f"{stem.name}.peaks") for stem in ready.stems
            )
            job = self._store.insert(replace(new_job, stems=stems), is_duplicate)
        except BaseException as error:  # Ctrl-C, too
            shutil.rmtree(self._home.job_folder(job_id).root, ignore_errors=True)
            if isinstance(error, OSError):
                raise import_storage_error(error, self._home.root) from error
            raise
        write_backup_record(self._home, job)
        self._events.emit(JobChanged(job.id))
        return job


def _describe_song(ready: ReadyStems, tags: Sequence[Tags]) -> Tags:
    """Return the tags of a song whose stems have `tags`: what all of them say, or else what the files' names say."""
    titles = [tag.title for tag in tags]
    title = titles[0] if len(titles) == 1 else name_stems(titles).song if all(titles) else ""
    artist, separator, rest = storable_file_name(ready.song).partition(" - ")
    named = (artist, rest) if separator and artist and rest else ("", storable_file_name(ready.song))
    return Tags(
        title=title or named[1] or storable_file_name(ready.source.name),
        artist=_common(tag.artist for tag in tags) or ("" if title else named[0]),
        album=_common(tag.album for tag in tags),
        lyrics=next((tag.lyrics for tag in tags if tag.lyrics), ()),
        cover=next((tag.cover for tag in tags if tag.cover), None),
    )


def _common(texts: Iterable[str]) -> str:
    """Return the text if all are the same, else an empty one."""
    different = set(texts)
    return different.pop() if len(different) == 1 else ""


def _new_job(job_id: str, ready: ReadyStems, written: WrittenStems, options: JobOptions, song: Tags) -> Job:
    now = datetime.now(UTC)
    return Job(
        id=job_id,
        state=JobState.COMPLETED,
        title=song.title,
        artist=song.artist,
        album=song.album,
        source=ready.source,
        options=options,
        position=0,
        added=now,
        token=_TOKEN,
        progress=1.0,
        seconds=written.frames / written.sample_rate,
        sample_rate=written.sample_rate,
        channels=written.channels,
        frames=written.frames,
        model_used=READY_STEMS_MODEL,
        notices=(*ready.notices, *written.notices),
        ended=now,
        digest=written.digest,
    )
