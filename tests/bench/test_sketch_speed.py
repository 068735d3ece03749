from time import process_time

import numpy as np
import pytest

from desktop.pipeline.engines.sketch import SketchEngine
from tests.helpers.multitrack import read_stem


@pytest.mark.bench
def test_speed_of_sketch_as_a_multiple_of_real_time() -> None:
    """Compare the CPU time of whole segments, with their context, with the duration that they contribute."""
    engine = SketchEngine()
    segmentation = engine.segmentation
    segment = np.ascontiguousarray(read_stem("rock120", "mixture")[:, : segmentation.length + 2 * segmentation.context])
    engine.separate(segment[None])()
    seconds: list[float] = []
    for _ in range(12):
        start = process_time()
        engine.separate(segment[None])()
        seconds.append(process_time() - start)
    music = segmentation.stride / engine.sample_rate
    print(f"\nsketch: {music / min(seconds):.0f} times real time at best, median {music / np.median(seconds):.0f}")
