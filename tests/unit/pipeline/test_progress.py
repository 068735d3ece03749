import pytest

from desktop.errors import CancelledError
from desktop.pipeline.progress import Progress, ProgressUpdate


def test_small_steps_are_combined_and_the_end_is_reported() -> None:
    updates: list[ProgressUpdate] = []
    progress = Progress(updates.append, lambda: False)
    for fraction in range(100_001):
        progress.advance("writing", fraction / 100_000)
    assert 10 < len(updates) < 40
    assert updates[-1] == ProgressUpdate("writing", 1.0)


def test_progress_never_decreases() -> None:
    updates: list[ProgressUpdate] = []
    progress = Progress(updates.append, lambda: False)
    for fraction in (0.5, 0.2, 2.0, -1.0):
        progress.advance("separating", fraction)
    progress.advance("writing", 0.0)
    values = [update.progress for update in updates]
    assert values == sorted(values)
    assert updates[-1].stage == "writing"


def test_cancellation_is_checked_at_every_step() -> None:
    progress = Progress(lambda _: None, lambda: True)
    with pytest.raises(CancelledError):
        progress.advance("decoding", 0.5)
    with pytest.raises(CancelledError):
        progress.raise_if_cancelled()
