import math

import pytest

from desktop.jobs.model import JobOptions, options_from_settings
from desktop.settings import Settings


def test_new_job_takes_its_options_from_the_settings() -> None:
    settings = Settings(model="htdemucs_ft", overlap=0.5, shifts=2)
    assert options_from_settings(settings) == JobOptions(model="htdemucs_ft", overlap=0.5, shifts=2)


@pytest.mark.parametrize("overlap", [-0.1, 0.99, math.nan, math.inf])
@pytest.mark.parametrize("shifts", [-1, 10**9])
def test_invalid_settings_fall_back_to_the_default_options(overlap: float, shifts: int) -> None:
    assert options_from_settings(Settings(overlap=overlap, shifts=shifts)) == JobOptions()
