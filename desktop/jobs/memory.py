"""Whether the system ended a process because there was no memory left: a kill -9 that has a reason."""

import re
from pathlib import Path

# Counted by Linux since 4.13, for all of the machine; the limits of control groups are counted with it.
COUNTER = Path("/proc/vmstat")


def memory_kills() -> int | None:
    """How many processes this machine has ended for want of memory since it was started. None where nobody counts."""
    try:
        found = re.search(r"^oom_kill (\d+)$", COUNTER.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None
