import pytest

from desktop.errors import CancelledError
from desktop.pipeline.progress import Progress, ProgressUpdate


def test_small_steps_are_gathered_and_ends_are_told() -> None:
    steps: list[ProgressUpdate] = []
    progress = Progress(steps.append, lambda: False)
    for part in range(100_001):
        progress.advance("writing", part / 100_000)
    assert 10 < len(steps) < 40
    assert steps[-1] == ProgressUpdate("writing", 1.0)


def test_progress_does_not_go_back() -> None:
    steps: list[ProgressUpdate] = []
    progress = Progress(steps.append, lambda: False)
    for part in (0.5, 0.2, 2.0, -1.0):
        progress.advance("separating", part)
    progress.advance("writing", 0.0)
    told = [step.progress for step in steps]
    assert told == sorted(told)
    assert steps[-1].stage == "writing"


def test_stopping_is_asked_for_at_every_step() -> None:
    progress = Progress(lambda _: None, lambda: True)
    with pytest.raises(CancelledError):
        progress.advance("decoding", 0.5)
    with pytest.raises(CancelledError):
        progress.raise_if_cancelled()
