"""Filter and order of the table's rows: search, hidden jobs and sort column, without Qt's models."""

from collections.abc import Iterable
from itertools import islice

from desktop.jobs.model import Job
from desktop.ui.pages.library.cells import SEARCHED_COLUMNS, SortKey, queue_sort_key
from desktop.ui.pages.library.columns import Column
from desktop.ui.pages.library.job_model import JobTableModel

NO_COLUMN = -1


class RowOrder:
    """Filters and sorts the jobs of a table model; keeps the search text and the sort key of each job."""

    def __init__(self, table_model: JobTableModel) -> None:
        self._table_model = table_model
        self._words: tuple[str, ...] = ()
        self._column = NO_COLUMN
        self._is_descending = False
        self._texts: dict[str, str] = {}
        self._keys: dict[str, SortKey] = {}
        self.hidden_ids: set[str] = set()
        """Ids of the jobs that are not listed, whatever is searched."""

    @property
    def is_searching(self) -> bool:
        """Whether a search filters the jobs."""
        return bool(self._words)

    @property
    def is_queue_order(self) -> bool:
        """Whether the jobs have the library's own order."""
        return self._column == NO_COLUMN

    def search(self, text: str) -> None:
        """List only jobs that contain every word of `text`; all if it is empty."""
        self._words = tuple(text.casefold().split())

    def sort(self, column: int, is_descending: bool) -> None:
        """Sort by a column, or in the library's own order if `column` is `NO_COLUMN`."""
        if column != self._column:
            self._keys.clear()
        self._column, self._is_descending = column, is_descending and column != NO_COLUMN

    def listed_ids(self) -> list[str]:
        """Return the ids of the listed jobs in order; equal ones are in the order of the table model."""
        ids = self._table_model.job_ids
        if self.hidden_ids:
            ids = [job_id for job_id in ids if job_id not in self.hidden_ids]
        if self._words:
            self._add_texts(job_id for job_id in ids if job_id not in self._texts)
        for word in self._words:
            ids = [job_id for job_id in ids if word in self._texts[job_id]]
        for job_id in ids:
            if job_id not in self._keys:
                self._keys[job_id] = self._sort_key(self._find(job_id))
        return sorted(ids, key=self._keys.__getitem__, reverse=self._is_descending)

    def refresh(self, job_ids: Iterable[str], columns: range) -> bool:
        """Update the cached keys of jobs that changed in these columns; return whether `listed_ids` may have changed."""
        is_changed = False
        is_text_changed = any(column in columns for column in SEARCHED_COLUMNS)
        is_key_changed = (Column.TITLE if self.is_queue_order else self._column) in columns
        if not is_text_changed and not is_key_changed:
            return False
        for job_id in job_ids:
            text_before = self._texts.pop(job_id, None) if is_text_changed else None
            if self._words and text_before is not None:
                self._add_texts([job_id])
                is_changed |= self._matches(text_before) != self._matches(self._texts[job_id])
            if is_key_changed and job_id in self._keys:
                key_before, self._keys[job_id] = self._keys[job_id], self._sort_key(self._find(job_id))
                is_changed |= key_before != self._keys[job_id]
        return is_changed

    def forget(self, job_ids: Iterable[str]) -> None:
        """Forget what is kept about removed jobs."""
        for job_id in job_ids:
            self._texts.pop(job_id, None)
            self._keys.pop(job_id, None)

    def prepare_search(self, limit: int) -> bool:
        """Compute at most `limit` missing search texts; return whether more may be missing."""
        missing = tuple(islice((job_id for job_id in self._table_model.job_ids if job_id not in self._texts), limit))
        self._add_texts(missing)
        return len(missing) == limit

    def _add_texts(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            self._texts[job_id] = self._table_model.search_text(self._find(job_id))

    def _matches(self, text: str) -> bool:
        return all(word in text for word in self._words)

    def _find(self, job_id: str) -> Job:
        return self._table_model.job_by_id(job_id)

    def _sort_key(self, job: Job) -> SortKey:
        return queue_sort_key(job) if self.is_queue_order else self._table_model.sort_key(job, Column(self._column))
