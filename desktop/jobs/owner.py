"""Who holds a job: a process. One that this machine can see is believed for as long as it lives; others have a lease."""

from collections.abc import Mapping
from time import monotonic

from desktop.process_identity import machine, started

LEASE = 30.0
"""Seconds without a sign of life after which an owner that cannot be seen counts as lost."""
# Seconds between two looks that count at most: while this process stood still, so may have the owner.
_MOST_COUNTED = 5.0


def is_visible(owner: str) -> bool:
    """Return True if `owner` is a process whose life or death this process can see."""
    return owner.rsplit("/", 2)[0] == machine()


def is_gone(owner: str) -> bool:
    """Return True if `owner` can be seen to have ended; False too if it cannot be seen, where its lease decides."""
    if not is_visible(owner):
        return False
    _, pid, start = owner.rsplit("/", 2)
    try:
        return started(int(pid)) != start
    except OSError:  # too many open files, say: nothing is known
        return False


class LeaseWatch:
    """Notices that owners which cannot be seen give no more signs of life.

    Time is counted here, from look to look, and never taken from a row: clocks of two machines differ, any clock may
    jump, and a computer may sleep.
    """

    def __init__(self) -> None:
        self._silence: dict[str, tuple[object, float]] = {}
        self._looked = monotonic()

    def expired(self, signs: Mapping[str, object]) -> set[str]:
        """Return the jobs whose owners were silent for a whole lease. To be asked every few seconds.

        `signs` holds, for each job whose owner cannot be seen, a value that changes with each sign of life.
        """
        now = monotonic()
        passed, self._looked = min(now - self._looked, _MOST_COUNTED), now
        self._silence = {job_id: (sign, self._silent(job_id, sign, passed)) for job_id, sign in signs.items()}
        return {job_id for job_id, (_, silent) in self._silence.items() if silent >= LEASE}

    def _silent(self, job_id: str, sign: object, passed: float) -> float:
        before, silent = self._silence.get(job_id, (None, 0.0))
        return silent + passed if before == sign else 0.0
