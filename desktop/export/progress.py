"""Progress of an export over its songs, with the time left."""

from collections.abc import Callable, Sequence
from time import monotonic

from desktop.export.stems import stem_file_size
from desktop.jobs.export_job import ExportProgress
from desktop.jobs.model import Job

# An estimate from less time or a smaller fraction than this would jump.
_MIN_ELAPSED_S, _MIN_FRACTION = 1.0, 0.02
_REPORT_INTERVAL_S = 0.1
# Seconds that a song of unknown length counts as.
_UNKNOWN_LENGTH_S = 200.0


class ProgressMeter:
    """Counts the exported bytes of one song after another and reports the progress, at most ten times a second."""

    def __init__(
        self,
        export_id: str,
        song_lengths_s: Sequence[float | None],
        report: Callable[[ExportProgress], None],
        songs_done: int = 0,
        elapsed_s: float = 0.0,
    ) -> None:
        """Begin with the song after the first `songs_done`; `elapsed_s` is the work that they took."""
        self._export_id = export_id
        self._weights = [length or _UNKNOWN_LENGTH_S for length in song_lengths_s]
        self._report = report
        self._songs_done = songs_done
        self._song_bytes, self._bytes_done = 1, 0
        self._started_at, self._reported_at = monotonic() - elapsed_s, 0.0

    @property
    def elapsed_s(self) -> float:
        """Seconds of work so far."""
        return monotonic() - self._started_at

    @property
    def fraction(self) -> float:
        """Progress over all songs, 0 to 1."""
        done = sum(self._weights[: self._songs_done])
        if self._songs_done < len(self._weights):
            done += self._weights[self._songs_done] * min(1.0, self._bytes_done / self._song_bytes)
        return done / sum(self._weights) if self._weights else 1.0

    def begin_song(self, job: Job) -> None:
        """Count the bytes of the next song from 0."""
        self._song_bytes = max(1, sum(stem_file_size(stem.path) for stem in job.stems))
        self._bytes_done = 0

    def advance(self, size: int) -> None:
        """Count `size` source bytes of the song."""
        self._bytes_done += size
        if monotonic() - self._reported_at >= _REPORT_INTERVAL_S:
            self._report_progress()

    def finish_song(self) -> None:
        """Count the song as exported or skipped, and report the progress."""
        self._songs_done += 1
        self._bytes_done = 0
        self._report_progress()

    def _report_progress(self) -> None:
        self._reported_at = monotonic()
        fraction, elapsed_s = self.fraction, self._reported_at - self._started_at
        is_reliable = elapsed_s >= _MIN_ELAPSED_S and fraction >= _MIN_FRACTION
        seconds_left = elapsed_s * (1 - fraction) / fraction if is_reliable else None
        self._report(ExportProgress(self._export_id, self._songs_done, len(self._weights), fraction, seconds_left))
