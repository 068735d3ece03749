"""How long a job takes yet: from what was measured of it, and until then from what the model took last time."""

from collections.abc import Callable
from time import monotonic

from desktop.jobs.model import Stage

# From less than this an estimate would jump: a part of the job and seconds of work, or seconds of work alone.
_ENOUGH, _SOON = 0.03, 1.0
_ENOUGH_SECONDS = 10.0
# A shorter song tells less of the next one than what is known: loading and decoding take most of its time (seconds).
_SHORT_SONG = 30.0
# Between two times that a measured speed is remembered (seconds).
_REMEMBER_EVERY = 10.0


class TimeLeft:
    """Told of each step of a job. Without a measured segment or a remembered speed it says nothing."""

    def __init__(self, song_seconds: float | None) -> None:
        self._song_seconds = song_seconds or 0.0
        self._expected: float | None = None
        self._remember: Callable[[float], None] = _forget
        self._remembered = monotonic()
        self._stage: Stage | None = None
        self._began = monotonic()
        self._done_before = self._done = 0.0

    def expect(self, speed: float | None, remember: Callable[[float], None]) -> None:
        """Take the speed to expect (seconds of work for a second of song), and how to remember what is measured."""
        self._expected = speed * self._song_seconds if speed and self._song_seconds else None
        self._remember = remember

    def move(self, stage: Stage, done: float) -> None:
        """Take note of how far the job is: `done` 0 to 1 over the whole of it."""
        if stage is not self._stage and stage is not Stage.WRITING:
            # Segments that were kept are no measure of how long the others take.
            self._began, self._done_before = monotonic(), done
        self._stage, self._done = stage, done

    @property
    def seconds(self) -> float | None:
        """Estimated seconds to go, None while unknown."""
        whole = self._measured() or self._expected
        return None if whole is None or self._stage is Stage.DOWNLOADING else whole * (1.0 - self._done)

    def keep(self, at_once: bool = False) -> None:
        """Remember the measured speed, when it is time to, or `at_once`."""
        whole = self._measured()
        if whole is None or self._song_seconds < (_SHORT_SONG if self._expected else 1.0):
            return
        if at_once or monotonic() - self._remembered >= _REMEMBER_EVERY:
            self._remembered = monotonic()
            self._remember(whole / self._song_seconds)

    def _measured(self) -> float | None:
        """Return the seconds that the whole job would take at the pace since its segments began."""
        if self._stage not in (Stage.SEPARATING, Stage.WRITING):
            return None
        worked, done = monotonic() - self._began, self._done - self._done_before
        enough = (done >= _ENOUGH and worked >= _SOON) or (done > 0 and worked >= _ENOUGH_SECONDS)
        return worked / done if enough else None


def _forget(_: float) -> None:
    """Nobody wants to know the speed."""
