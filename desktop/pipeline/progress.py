"""Progress of a job as one number that never decreases."""

from collections.abc import Callable
from dataclasses import dataclass

from desktop.errors import CancelledError
from desktop.stage import Stage
from desktop.text.message import Message

# Range of the whole progress for each stage, measured with htdemucs on a CPU: roughly, so that the bar moves evenly.
_STAGE_RANGES: dict[Stage, tuple[float, float]] = {
    Stage.DECODING: (0.0, 0.05),
    Stage.SEPARATING: (0.05, 0.97),
    Stage.WRITING: (0.97, 1.0),
}
# Smaller steps are invisible, and a decoder reports every few milliseconds of audio.
_MIN_INCREMENT = 0.001


@dataclass(frozen=True)
class ProgressUpdate:
    """Current stage of a job and its progress."""

    stage: Stage
    progress: float
    """Fraction of the whole job that is done, 0 to 1."""


class Progress:
    """Reporter of a job's progress that also checks for cancellation."""

    def __init__(self, report: Callable[[ProgressUpdate], None], should_stop: Callable[[], bool]) -> None:
        self._report = report
        self._should_stop = should_stop
        self._last_update = ProgressUpdate(Stage.DECODING, 0.0)

    def advance(self, stage: Stage, fraction: float) -> None:
        """Report that `fraction` (0 to 1) of the stage is done. Raises CancelledError if the user cancelled the job."""
        self.raise_if_cancelled()
        start, end = _STAGE_RANGES[stage]
        total = max(self._last_update.progress, start + (end - start) * min(max(fraction, 0.0), 1.0))
        if stage != self._last_update.stage or total - self._last_update.progress >= _MIN_INCREMENT or total == end:
            self._last_update = ProgressUpdate(stage, total)
            self._report(self._last_update)

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError if the user cancelled the job."""
        if self._should_stop():
            raise CancelledError(Message("Cancelled."))

    @property
    def should_stop(self) -> Callable[[], bool]:
        """The check for cancellation, for functions that call it themselves."""
        return self._should_stop
