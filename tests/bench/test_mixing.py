"""Time of the audio callback for a block. Prints; never fails."""

import statistics
from time import perf_counter

import numpy as np
import pytest

from desktop.playback.player import Player
from desktop.playback.ring import Ring

pytestmark = pytest.mark.bench
RATE, LANES, BLOCKS = 44100, 8, 3000


@pytest.mark.parametrize("frames", [256, 441, 1024])
@pytest.mark.parametrize("has_limiter", [False, True])
def test_time_of_a_block(frames: int, has_limiter: bool, capsys: pytest.CaptureFixture[str]) -> None:
    player = Player(LANES)
    player.reset(RATE, 0.04)
    player.has_limiter = has_limiter
    player.is_gate_open = True
    player.requested_ring = ring = Ring(8 * frames, LANES)
    sound = np.random.default_rng(0).normal(0, 0.3, (frames, LANES, 2)).astype(np.float32)
    out = np.zeros((frames, 2), np.float32)
    seconds: list[float] = []
    for number in range(BLOCKS):
        if ring.writable_frames >= frames:
            ring.write(sound)
            ring.write(sound)
        player.set_gains(1.0, [(0.5 + number % 2 / 2, 1.0)] * LANES)  # all lanes ramp in every block
        start = perf_counter()
        player.fill(out)
        seconds.append(perf_counter() - start)
    seconds.sort()
    with capsys.disabled():
        print(
            f"\n{LANES} lanes, blocks of {frames} frames, limiter {'on' if has_limiter else 'off'}: "
            f"{statistics.median(seconds) * 1e6:.0f} µs a block, 99 %: {seconds[int(0.99 * BLOCKS)] * 1e6:.0f} µs, "
            f"{100 * statistics.median(seconds) * RATE / frames:.1f} % of real time"
        )
