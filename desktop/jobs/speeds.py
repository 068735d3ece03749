"""Measured separation speeds of the models on this computer."""

import json
import logging
import math
from collections.abc import Mapping

from desktop.atomic_file import write_atomically
from desktop.jobs.model import Job, JobOptions
from desktop.paths import Home
from desktop.settings import Settings

Speeds = Mapping[str, float]
"""Seconds of work per second of track, by `speed_key`."""

# Number of keys that are kept, the most recently measured ones.
_MAX_ENTRIES = 50
_log = logging.getLogger(__name__)


def speed_key(model: str, options: JobOptions, low_memory: bool, settings: Settings) -> str:
    """Return a key of everything that the speed of `model` depends on, apart from the computer."""
    return f"{model} {settings.runtime} {settings.fast:d} {low_memory:d} {options.overlap} {options.shifts}"


def expected_speed(job: Job, settings: Settings, speeds: Speeds) -> float | None:
    """Return the expected seconds of work per second of track for `job`; None if no matching speed was measured."""
    return speeds.get(speed_key(job.options.model, job.options, job.low_memory, settings))


def load_speeds(home: Home) -> Speeds:
    """Return the measured speeds; empty if the file is missing or damaged."""
    try:
        saved = json.loads(home.model_speeds.read_text(encoding="utf-8"))
        numbers = {str(key): float(value) for key, value in saved.items()}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return {key: value for key, value in numbers.items() if math.isfinite(value) and value > 0}


def save_speed(home: Home, key: str, speed: float) -> None:
    """Save a measured speed in seconds of work per second of track.

    A write error is only logged, because the speed is only used for estimates.
    """
    speeds = {**{k: v for k, v in load_speeds(home).items() if k != key}, key: round(speed, 4)}
    try:
        newest = dict([*speeds.items()][-_MAX_ENTRIES:])
        write_atomically(home.model_speeds, json.dumps(newest, indent=2), durable=False)
    except OSError as error:
        _log.warning("Speed of %s could not be saved: %s", key, error)
