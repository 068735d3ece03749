"""Counts as text."""

import pytest

from desktop.text.plurals import format_count


@pytest.mark.parametrize(("count", "text"), [(0, "0 songs"), (1, "1 song"), (2, "2 songs")])
def test_noun_is_plural_except_for_one(count: int, text: str) -> None:
    assert format_count(count, "song") == text


@pytest.mark.parametrize(("count", "text"), [(1, "1 pass was"), (2, "2 passes were")])
def test_plural_can_be_given(count: int, text: str) -> None:
    assert format_count(count, "pass was", "passes were") == text
