"""Who holds a job: a process. One that this machine can see is believed for as long as it lives; others have a lease."""

import re
from collections.abc import Mapping
from pathlib import Path

from desktop.runtime.process_identity import machine_id, process_start_time
from desktop.runtime.stall_timer import StallTimer

LEASE_S = 30.0
"""Seconds without a sign of life after which an owner that cannot be seen counts as lost."""


def is_on_this_machine(owner: str) -> bool:
    """Return True if `owner` is a process whose life or death this process can see."""
    return owner.rsplit("/", 2)[0] == machine_id()


def has_exited(owner: str) -> bool:
    """Return True if `owner` can be seen to have ended; False too if it cannot be seen, where its lease decides."""
    if not is_on_this_machine(owner):
        return False
    _, pid, start = owner.rsplit("/", 2)
    try:
        return process_start_time(int(pid)) != start
    except OSError:  # too many open files, say: nothing is known
        return False


class LeaseWatch:
    """Notices that owners which cannot be seen give no more signs of life.

    Their leases are counted here, and never read from a row: the clocks of two machines differ.
    """

    def __init__(self) -> None:
        self._watches: dict[str, StallTimer] = {}

    def expired_jobs(self, heartbeats: Mapping[str, object]) -> set[str]:
        """Return the jobs whose owners were silent for a whole lease. To be asked every few seconds.

        `signs` holds, for each job whose owner cannot be seen, a value that changes with each sign of life.
        """
        self._watches = {job_id: self._watches.get(job_id) or StallTimer() for job_id in heartbeats}
        return {
            job_id for job_id, sign in heartbeats.items() if self._watches[job_id].seconds_unchanged(sign) >= LEASE_S
        }


# Counted by Linux since 4.13, for all of the machine; the limits of control groups are counted with it.
VMSTAT_PATH = Path("/proc/vmstat")


def oom_kill_count() -> int | None:
    """How many processes this machine has ended for want of memory since it was started. None where nobody counts."""
    try:
        found = re.search(r"^oom_kill (\d+)$", VMSTAT_PATH.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None
