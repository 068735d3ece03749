"""What `unbraid move` says, also when the queue has got on meanwhile."""

import pytest

from desktop.cli.jobs import _place_text
from tests.unit.cli.test_report import JOB


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        ([JOB.id, "b"], "Up next: "),
        (["b", JOB.id], "Place 2 in the queue: "),
        (["b"], "No longer queued, because its turn came: "),
    ],
)
def test_the_place_that_holds_now_is_said(waiting: list[str], said: str) -> None:
    assert _place_text(JOB, waiting).startswith(said)
