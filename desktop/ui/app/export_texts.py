"""Texts about exports: what is exported, how far it is, and what came of it."""

from collections.abc import Sequence
from functools import reduce

from desktop.audio.names import printable
from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import NO_STEMS_REASON, ExportedSong, ExportJob, ExportProgress, ExportState, SongResult
from desktop.text.durations import format_rough_time_left
from desktop.text.message import count_message, tr, tr_count

_MAX_NAMED_SONGS = 3


def exporting_text(songs: Sequence[ExportedSong]) -> str:
    """Return that these songs are exported."""
    if len(songs) == 1:
        return tr("Exporting “{title}”", title=short_title(songs[0].title))
    return tr_count("Exporting {count} song", "Exporting {count} songs", len(songs))


def progress_text(export: ExportJob, progress: ExportProgress, queued_count: int) -> str:
    """Return how far an export is, with the time left and the number of exports that wait."""
    number = min(progress.songs_done + 1, progress.songs_total)
    status = (
        tr("Exporting song {number} of {total}", number=number, total=progress.songs_total)
        if progress.songs_total > 1
        else exporting_text(export.songs)
    )
    parts = (status, format_rough_time_left(progress.seconds_left), _queued_exports_text(queued_count))
    return " · ".join(filter(None, parts))


def short_title(title: str) -> str:
    """Return the title of a song, safe to show, in a length that fits a notice."""
    return printable(title, 60)


def result_text(export: ExportJob) -> str:
    """Return the result of an export as text: error, cancellation, exported stems, other formats, skipped tracks."""
    settings = _settings_of(export)
    sentences: list[str] = []
    if export.error:
        sentences.append(str(export.error))
    if export.state is ExportState.CANCELLED:
        sentences.append(tr("The export was cancelled."))
    if export.exported:
        sentences.append(_exported_text(export, settings))
    elif export.state is ExportState.CANCELLED:
        sentences.append(tr("No files were written."))
    sentences += [*_other_formats_texts(export.exported, settings), *_skipped_texts(export.skipped)]
    return " ".join(sentences)


def _settings_of(export: ExportJob) -> ExportSettings:
    try:
        return ExportSettings.from_json(export.settings_json)
    except ValueError:  # of a later version: the error of the export says so
        return ExportSettings()


def _exported_text(export: ExportJob, settings: ExportSettings) -> str:
    """Return a sentence about the files that were written."""
    results, folder = export.exported, printable(export.folder, 80)
    files = (
        count_message("{count} stem", "{count} stems", export.file_count)
        if settings.kind is ExportKind.STEMS and not settings.project_files
        else count_message("{count} file", "{count} files", export.file_count)
    )
    if len(results) == 1:
        return tr(
            "Exported {files} of “{title}” to {folder}.",
            files=files,
            title=short_title(results[0].title),
            folder=folder,
        )
    return tr_count(
        "Exported {files} of {count} song to {folder}.",
        "Exported {files} of {count} songs to {folder}.",
        len(results),
        files=files,
        folder=folder,
    )


def _other_formats_texts(results: Sequence[SongResult], settings: ExportSettings) -> list[str]:
    """Return a sentence about the tracks that were written in another format than the one in the settings."""
    audio_format = settings.audio_format
    others = [
        (result.title, path.suffix.removeprefix("."))
        for result in results
        if not (path := result.files[0]).name.endswith(settings.suffix)
    ]
    if not others:
        return []
    formats = reduce(
        lambda first, last: tr("{first} or {last}", first=first, last=last),
        sorted({used.upper() for _, used in others}),
    )
    if len(others) == 1:
        title = short_title(others[0][0])
        return [
            tr(
                "{format} cannot hold “{title}”: written as {formats}.",
                format=audio_format.title,
                title=title,
                formats=formats,
            )
        ]
    return [
        tr_count(
            "{format} cannot hold {count} song: written as {formats}.",
            "{format} cannot hold {count} songs: written as {formats}.",
            len(others),
            format=audio_format.title,
            formats=formats,
        )
    ]


def _skipped_texts(skipped: Sequence[SongResult]) -> list[str]:
    """Return a sentence about the tracks that were not exported."""
    if not skipped:
        return []
    if len(skipped) == 1:
        reason = skipped[0].reason or ""
        return [tr("“{title}” was left out: {reason}", title=short_title(skipped[0].title), reason=reason)]
    names = ", ".join(tr("“{title}”", title=printable(result.title, 40)) for result in skipped[:_MAX_NAMED_SONGS])
    if len(skipped) > _MAX_NAMED_SONGS:
        names = f"{names} …"
    if all(result.reason == NO_STEMS_REASON for result in skipped):
        return [
            tr_count(
                "{count} song was left out because it has no stems: {names}",
                "{count} songs were left out because they have no stems: {names}",
                len(skipped),
                names=names,
            )
        ]
    return [
        tr_count(
            "{count} song was left out: {names}", "{count} songs were left out: {names}", len(skipped), names=names
        )
    ]


def _queued_exports_text(count: int) -> str:
    return tr_count("{count} more export queued", "{count} more exports queued", count) if count > 0 else ""
