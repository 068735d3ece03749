"""Whether the process that owns a job is alive, and how many processes the system killed for lack of memory.

An owner on this machine is checked by its process id. An owner on another machine is believed until its lease expires.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from desktop.runtime.process_identity import machine_id, process_start_time
from desktop.runtime.stall_timer import StallTimer

LEASE_S = 30.0
"""Seconds without a heartbeat after which an owner on another machine counts as lost."""
# Linux has this counter since 4.13. It covers the whole machine and includes kills by control group limits.
VMSTAT_PATH = Path("/proc/vmstat")


def is_on_this_machine(owner: str) -> bool:
    """Return True if `owner` names a process of this machine."""
    return owner.rsplit("/", 2)[0] == machine_id()


def has_exited(owner: str) -> bool:
    """Return True if the process `owner` is known to have exited.

    False for a process of another machine, where the lease decides.
    """
    if not is_on_this_machine(owner):
        return False
    _, pid, start = owner.rsplit("/", 2)
    try:
        return process_start_time(int(pid)) != start
    except OSError:  # for example too many open files: the answer is unknown
        return False


class LeaseWatch:
    """Detects expired leases of owners on other machines.

    The time is measured here, not read from the row, because the clocks of two machines differ.
    """

    def __init__(self) -> None:
        self._watches: dict[str, StallTimer] = {}

    def expired_jobs(self, heartbeats: Mapping[str, object]) -> set[str]:
        """Return the ids of jobs whose owner sent no heartbeat for `LEASE_S`. Call this every few seconds.

        `heartbeats` maps the id of each job with an owner on another machine to a value that changes at each heartbeat.
        """
        self._watches = {job_id: self._watches.get(job_id) or StallTimer() for job_id in heartbeats}
        return {
            job_id for job_id, value in heartbeats.items() if self._watches[job_id].seconds_unchanged(value) >= LEASE_S
        }


def oom_kill_count() -> int | None:
    """Return how many processes the out-of-memory killer has killed since boot, or None if there is no counter."""
    try:
        match = re.search(r"^oom_kill (\d+)$", VMSTAT_PATH.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) if match else None
