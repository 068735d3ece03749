from time import perf_counter, process_time

import numpy as np
import pytest

from desktop.playback import stretch
from desktop.playback.stretch import StretchedStream
from tests.unit.playback.test_stretch import RATE, ArrayStream

LANES = 7
SECONDS = 60


@pytest.mark.bench
@pytest.mark.parametrize("implementation", ["compiled", "windows"])
@pytest.mark.parametrize("cents", [0, 300])
def test_speed_of_stretching_as_a_multiple_of_real_time(
    implementation: str, cents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stretch a minute of 14 channels to 75 %, in the sizes of reads that the reader asks for."""
    if implementation == "windows":
        pytest.importorskip("python_stretch")
        monkeypatch.setattr(stretch, "is_native_available", lambda: False)
    elif not stretch.is_native_available():
        pytest.skip("set-up found no C++ compiler")
    noise = np.random.default_rng(1).standard_normal((SECONDS * RATE, LANES, 2)).astype(np.float32) * 0.1
    stream = StretchedStream(ArrayStream(noise), LANES, RATE, 0.75, cents)
    frames, longest = 0, 0.0
    start, cpu_start = perf_counter(), process_time()
    while not stream.has_ended:
        before = perf_counter()
        frames += len(stream.read(8192))
        longest = max(longest, perf_counter() - before)
    spent, cpu = perf_counter() - start, process_time() - cpu_start
    print(
        f"\nstretching, {implementation}, {cents} cents, {2 * LANES} channels: {frames / RATE / spent:.1f} times real "
        f"time ({cpu:.1f} s of CPU in this process), longest read {longest * 1000:.0f} ms"
    )
