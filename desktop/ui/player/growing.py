"""What the lanes show of a song in work, and how it is asked for more."""

from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.segments.growing_peaks import GrowingPeaks
from desktop.segments.unfinished import Unfinished


class Growing:
    """The stores of one job as the window sees them; another job has another of these."""

    def __init__(self, home: Home, job: Job) -> None:
        folder = home.job(job.id)
        self.job_id = job.id
        self.folders = (folder.segments, folder.draft)
        self._unfinished = Unfinished(*self.folders)
        self.peaks: GrowingPeaks | None = None
        """None while there is nothing to be seen or heard."""

    @property
    def has_draft(self) -> bool:
        """True when there is a draft, or the beginning of one."""
        return self._unfinished.draft is not None

    def look(self) -> bool:
        """Look for what came. True when the lanes are others than before: other stems, or another length."""
        self._unfinished.look()
        leading = self._unfinished.leading
        before = self.peaks
        if leading is None:
            self.peaks = None
        elif before is None or leading.about != before.about:
            self.peaks = GrowingPeaks(self._unfinished, leading)
        if self.peaks is not None:
            self.peaks.take()
        return self.peaks is not before
