"""What `unbraid move` prints, even if the queue has changed meanwhile."""

import pytest

from desktop.cli.jobs import _place_text
from tests.unit.cli.test_formatting import JOB


@pytest.mark.parametrize(
    ("queued_ids", "text"),
    [
        ([JOB.id, "b"], "Up next: "),
        (["b", JOB.id], "Place 2 in the queue: "),
        (["b"], "No longer in the queue: "),
    ],
)
def test_move_prints_the_current_place_in_the_queue(queued_ids: list[str], text: str) -> None:
    assert _place_text(JOB, queued_ids).startswith(text)
