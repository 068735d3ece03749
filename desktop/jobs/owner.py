"""Who holds a job: a process. One that this machine can see is believed for as long as it lives; others have a lease."""

from collections.abc import Mapping

from desktop.change_watch import ChangeWatch
from desktop.process_identity import machine, started

LEASE = 30.0
"""Seconds without a sign of life after which an owner that cannot be seen counts as lost."""


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

    Their leases are counted here, and never read from a row: the clocks of two machines differ.
    """

    def __init__(self) -> None:
        self._watches: dict[str, ChangeWatch] = {}

    def expired(self, signs: Mapping[str, object]) -> set[str]:
        """Return the jobs whose owners were silent for a whole lease. To be asked every few seconds.

        `signs` holds, for each job whose owner cannot be seen, a value that changes with each sign of life.
        """
        self._watches = {job_id: self._watches.get(job_id) or ChangeWatch() for job_id in signs}
        return {job_id for job_id, sign in signs.items() if self._watches[job_id].unchanged(sign) >= LEASE}
