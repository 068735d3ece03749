"""The audio callback allocates no buffers, and keeps no memory, whatever it has to do in a block."""

import sys
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from desktop.playback import player as player_module
from desktop.playback.player import Player
from desktop.playback.ring import Ring

RATE = 44100
TRACK_FRAMES = 10**7
# Views of arrays, slices and numbers come from the interpreter's free lists; a block or a lane's gains do not fit.
MAX_TRANSIENT_BYTES = 2500
FEW_LANES, MANY_LANES = (2048, 2), (16, 1024)
"""Frames of a block and number of lanes: a temporary array is large for one of them, whatever its shape."""
EVENTS = ("nothing", "seek", "level", "master", "gate", "reader is late", "levels are not unity", "limiter")


class Callback:
    """A player whose rings never end, and one block of its output."""

    def __init__(self, frames: int, lanes: int, pairs: int = 1) -> None:
        self.player = Player(lanes)
        self.player.reset(RATE, 0.1, [lane % pairs for lane in range(lanes)], 2 * pairs)
        self.player.is_gate_open = True
        self.out = np.zeros((frames, 2 * pairs), np.float32)
        self._lanes = lanes
        self._sound = np.full((frames, lanes, 2), 0.5, np.float32)
        self._seek_number = 0
        self.seek()

    def seek(self) -> None:
        self._seek_number += 1
        self.ring = Ring(4 * len(self.out), self._lanes, 0, TRACK_FRAMES, self._seek_number)
        self.feed()
        self.player.requested_ring = self.ring

    def feed(self) -> None:
        while self.ring.writable_frames >= len(self._sound):
            self.ring.write(self._sound)

    def prepare(self, event: str, is_odd: bool) -> None:
        """Let something happen that the next block has to react to."""
        if event == "seek":
            self.seek()
        elif event == "level":
            self.player.set_gains(1.0, [(float(is_odd), 1.0)] * self._lanes)
        elif event == "master":
            self.player.set_gains(0.5 + 0.5 * is_odd, [(1.0, 1.0)] * self._lanes)
        elif event == "gate":
            self.player.is_gate_open = is_odd
        elif event == "levels are not unity":
            self.player.set_gains(0.5, [(0.5, 0.5)] * self._lanes)
        elif event == "limiter":
            self.player.set_gains(4.0, [(0.5, 1.0)] * self._lanes)
            self.player.has_limiter = is_odd
        if event != "reader is late" or is_odd:
            self.feed()


@pytest.fixture(autouse=True)
def _small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player_module, "MAX_BLOCK_FRAMES", FEW_LANES[0])


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def largest_transient_bytes(callback: Callback, event: str, blocks: int = 60) -> int:
    """Return the most bytes that existed at once during a block, beyond those before it."""
    largest = 0
    for number in range(blocks):
        callback.prepare(event, bool(number // 8 % 2))
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        callback.player.fill(callback.out)
        _, peak = tracemalloc.get_traced_memory()
        if number > 2:
            largest = max(largest, peak - before)
    return largest


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("size", [FEW_LANES, MANY_LANES, (*FEW_LANES, 2)])
def test_no_block_allocates_an_array(size: tuple[int, ...], event: str) -> None:
    assert largest_transient_bytes(Callback(*size), event) < MAX_TRANSIENT_BYTES


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("size", [FEW_LANES, MANY_LANES])
def test_a_temporary_array_would_be_noticed(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    callback = Callback(*size)
    mix = callback.player.mixer.mix
    monkeypatch.setattr(callback.player.mixer, "mix", lambda lanes, out: mix(lanes, out) or np.zeros(max(size)))
    assert largest_transient_bytes(callback, "nothing") > MAX_TRANSIENT_BYTES


@pytest.mark.parametrize("event", EVENTS)
def test_callback_keeps_no_memory(event: str) -> None:
    callback = Callback(256, 4)

    def play(blocks: int) -> int:
        """Return by how many blocks of memory the interpreter's count grew while the callback ran."""
        grown = 0
        for number in range(blocks):
            callback.prepare(event, bool(number // 8 % 2))
            before = sys.getallocatedblocks()
            callback.player.fill(callback.out)
            grown += sys.getallocatedblocks() - before
        return grown

    play(200)
    assert play(2000) < 20
