from time import process_time

import numpy as np
import pytest

from desktop.pipeline.engines.sketch import SketchEngine
from tests.helpers.multitrack import read_stem


@pytest.mark.bench
def test_how_many_times_as_fast_as_the_music_sketch_is() -> None:
    """CPU time of whole segments, contexts included, against the music that they answer for."""
    engine = SketchEngine()
    how = engine.segmentation
    heard = np.ascontiguousarray(read_stem("rock120", "mixture")[:, : how.length + 2 * how.context])
    engine.separate(heard[None])()
    took: list[float] = []
    for _ in range(12):
        begun = process_time()
        engine.separate(heard[None])()
        took.append(process_time() - begun)
    music = how.stride / engine.sample_rate
    print(f"\nsketch: {music / min(took):.0f} times real time at best, {music / np.median(took):.0f} as a rule")
