"""How far a separation is, in one number that never goes back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from desktop.errors import CancelledError

Stage = Literal["decoding", "separating", "writing"]

# The share of the whole that each stage takes, measured with htdemucs on a CPU; stages only need to look even.
_SPANS: dict[Stage, tuple[float, float]] = {
    "decoding": (0.0, 0.05),
    "separating": (0.05, 0.97),
    "writing": (0.97, 1.0),
}
# Nobody sees less; a decoder tells of every few milliseconds of sound.
_SMALLEST_STEP = 0.001


@dataclass(frozen=True)
class Step:
    """What the job is doing, and how much of the whole job is done."""

    stage: Stage
    progress: float
    """0 to 1 over the whole job."""


class Progress:
    """Tells the listener of each step forward, and asks whether to go on."""

    def __init__(self, report: Callable[[Step], None], should_stop: Callable[[], bool]) -> None:
        self._report = report
        self._should_stop = should_stop
        self._told = Step("decoding", 0.0)

    def at(self, stage: Stage, part: float) -> None:
        """Tell that `part` (0 to 1) of the stage is done. Raises CancelledError when the user asked to stop."""
        self.check()
        start, end = _SPANS[stage]
        done = max(self._told.progress, start + (end - start) * min(max(part, 0.0), 1.0))
        if stage != self._told.stage or done - self._told.progress >= _SMALLEST_STEP or done == end:
            self._told = Step(stage, done)
            self._report(self._told)

    def check(self) -> None:
        """Raise CancelledError when the user asked to stop."""
        if self._should_stop():
            raise CancelledError("Cancelled.")

    @property
    def should_stop(self) -> Callable[[], bool]:
        """For what asks by itself."""
        return self._should_stop
