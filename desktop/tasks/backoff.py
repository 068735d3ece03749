"""How long a job waits before it is tried again."""

import random

from desktop.jobs.turns import LONGEST_REST

MOST_RETRIES = 3
# Seconds before the first retry, and how much longer each next one waits.
_FIRST, _GROWTH = 15.0, 4.0


def rest_before(retry: int) -> float:
    """Seconds before the retry of this number, from 0: longer each time, and never the same for two jobs.

    Whatever made several jobs fail in one moment shall not be asked again by all of them in one moment.
    """
    longest = min(_FIRST * _GROWTH**retry, LONGEST_REST)
    return random.uniform(longest / 2, longest)
