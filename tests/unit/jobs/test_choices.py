import math

import pytest

from desktop.jobs.model import JobOptions, options_from_settings
from desktop.settings import Settings


def test_a_new_song_is_separated_as_the_settings_say() -> None:
    settings = Settings(model="htdemucs_ft", overlap=0.5, shifts=2)
    assert options_from_settings(settings) == JobOptions(model="htdemucs_ft", overlap=0.5, shifts=2)


@pytest.mark.parametrize("overlap", [-0.1, 0.99, math.nan, math.inf])
@pytest.mark.parametrize("shifts", [-1, 10**9])
def test_settings_that_cannot_be_are_the_defaults(overlap: float, shifts: int) -> None:
    assert options_from_settings(Settings(overlap=overlap, shifts=shifts)) == JobOptions()
