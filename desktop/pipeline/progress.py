"""How far a separation is, in one number that never goes back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from desktop.errors import CancelledError

Stage = Literal["decoding", "separating", "writing"]

# The share of the whole that each stage takes, measured with htdemucs on a CPU; stages only need to look even.
_STAGE_RANGES: dict[Stage, tuple[float, float]] = {
    "decoding": (0.0, 0.05),
    "separating": (0.05, 0.97),
    "writing": (0.97, 1.0),
}
# Nobody sees less; a decoder tells of every few milliseconds of sound.
_MIN_INCREMENT = 0.001


@dataclass(frozen=True)
class ProgressUpdate:
    """What the job is doing, and how much of the whole job is done."""

    stage: Stage
    progress: float
    """0 to 1 over the whole job."""


class Progress:
    """Tells the listener of each step forward, and asks whether to go on."""

    def __init__(self, report: Callable[[ProgressUpdate], None], should_stop: Callable[[], bool]) -> None:
        self._report = report
        self._should_stop = should_stop
        self._last_update = ProgressUpdate("decoding", 0.0)

    def advance(self, stage: Stage, fraction: float) -> None:
        """Tell that `part` (0 to 1) of the stage is done. Raises CancelledError when the user asked to stop."""
        self.raise_if_cancelled()
        start, end = _STAGE_RANGES[stage]
        total = max(self._last_update.progress, start + (end - start) * min(max(fraction, 0.0), 1.0))
        if stage != self._last_update.stage or total - self._last_update.progress >= _MIN_INCREMENT or total == end:
            self._last_update = ProgressUpdate(stage, total)
            self._report(self._last_update)

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError when the user asked to stop."""
        if self._should_stop():
            raise CancelledError("Cancelled.")

    @property
    def should_stop(self) -> Callable[[], bool]:
        """For what asks by itself."""
        return self._should_stop
