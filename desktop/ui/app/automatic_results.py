"""Results of automatic exports: one notice for each folder, which counts up, in place of one for each song."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from desktop.jobs.export_job import ExportJob
from desktop.ui.widgets.notices import NoticeStrip


class AutomaticResults:
    """Tells where the first song went that was exported by itself, and every problem.

    While that notice is there, it also counts the songs that follow. Once it is gone, songs that are exported to the
    same folder are not announced any more until the next start.
    """

    def __init__(self, notices: NoticeStrip, show_result: Callable[[ExportJob, str], None]) -> None:
        """`show_result` shows an export as the notice with a key."""
        self._notices = notices
        self._show_result = show_result
        self._shown: dict[Path, ExportJob] = {}
        """Exports to each folder since its notice appeared, as one."""

    def add(self, export: ExportJob) -> None:
        """Show the result of an automatic export that has ended, unless it is what the user knows already."""
        key = f"automatic export to {export.folder}"
        earlier = self._shown.get(export.folder)
        is_there = any(notice.key == key for notice in self._notices.notices)
        is_known = earlier is not None and not is_there
        if is_known and export.exported and not export.error and not export.skipped:
            return
        shown = _merge(earlier, export) if earlier is not None and is_there else export
        self._shown[export.folder] = shown
        self._show_result(shown, key)


def _merge(earlier: ExportJob, later: ExportJob) -> ExportJob:
    """Return one export with the songs of both, and the last error."""
    error = later.error or earlier.error
    return replace(later, songs=earlier.songs + later.songs, results=earlier.results + later.results, error=error)
