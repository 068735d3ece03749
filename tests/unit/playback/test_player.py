"""Audio callback without a sound card, sample by sample: the output never jumps, whatever the rings contain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.playback.mixer import ramp_frames
from desktop.playback.player import Player
from desktop.playback.ring import Ring

RATE = 44100
FADE = ramp_frames(RATE)
BLOCK = 441
TRACK_FRAMES = 10**6
# Largest allowed difference between neighbouring frames: one step of a fade.
MAX_STEP = 1.001 / FADE


def make_ring(frames: int, start: int = 0, seek_number: int = 0, end: int = TRACK_FRAMES, value: float = 1.0) -> Ring:
    ring = Ring(200_000, 1, start, end, seek_number)
    write_constant(ring, frames, value)
    return ring


def write_constant(ring: Ring, frames: int, value: float = 1.0) -> None:
    ring.write(np.full((frames, 1, 2), value, np.float32))


def make_ramp_ring(frames: int, start: int = 0, seek_number: int = 0) -> Ring:
    """Return a ring whose samples are their position in the track, as a fraction of its 100,000 frames."""
    ring = Ring(200_000, 1, start, 100_000, seek_number)
    ring.write(np.repeat(np.arange(start, start + frames, dtype=np.float32) / 100_000, 2).reshape(-1, 1, 2))
    return ring


def make_player(first: Ring | None = None) -> Player:
    """Return a player whose gate has been open for a while."""
    player = Player(1)
    player.reset(RATE, 0.0)
    player.is_gate_open = True
    player.requested_ring = make_ring(2 * FADE, end=2 * FADE, seek_number=-2)
    render(player, 2 * FADE)
    player.requested_ring = first
    render(player, FADE)
    return player


def render(player: Player, frames: int, block: int = BLOCK) -> NDArray[np.float32]:
    """Return one channel of the next `frames` frames."""
    out = np.ones((frames, 2), np.float32)
    for start in range(0, frames, block):
        player.fill(out[start : start + block])
    np.testing.assert_array_equal(out[:, 0], out[:, 1])
    return out[:, 0]


def max_step(sound: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(sound)).max())


@pytest.mark.parametrize("extra_frames", [0, 200, 440])
def test_sound_fades_out_before_its_ring_runs_empty_at_any_point_of_a_block(extra_frames: int) -> None:
    player = make_player(make_ring(FADE + 4 * BLOCK + extra_frames))
    sound = render(player, 7 * BLOCK)
    last = 4 * BLOCK + extra_frames - 1
    assert sound[last] == 0.0
    assert sound[last - FADE // 2] == pytest.approx(0.5, abs=0.01)
    assert sound[0] == 1.0
    assert max_step(sound) < MAX_STEP


def test_late_sound_fades_in_at_the_position_where_it_stopped() -> None:
    ring = make_ring(FADE + BLOCK)
    player = make_player(ring)
    render(player, 3 * BLOCK)
    write_constant(ring, 4 * FADE)
    sound = render(player, 2 * FADE)
    assert sound[0] < MAX_STEP
    assert np.all(sound[FADE:] == 1.0)
    assert max_step(sound) < MAX_STEP


def test_end_of_a_track_is_not_faded() -> None:
    player = make_player(make_ring(FADE + 3 * BLOCK, end=FADE + 3 * BLOCK))
    assert np.all(render(player, 3 * BLOCK) == 1.0)
    assert not render(player, BLOCK).any()
    assert player.late_reads == 0


def test_replacement_ring_takes_over_at_the_same_frame() -> None:
    player = make_player(make_ramp_ring(50_000))
    player.requested_ring = make_ramp_ring(60_000)
    sound = render(player, 20_000)
    np.testing.assert_allclose(sound, np.arange(FADE, FADE + 20_000) / 100_000, atol=1e-6)
    assert player.current_ring is player.requested_ring


def test_replacement_ring_that_is_behind_takes_over_without_a_gap_once_it_catches_up() -> None:
    player = make_player(make_ring(50_000))
    behind = make_ring(BLOCK)
    player.requested_ring = behind
    assert np.all(render(player, 10 * BLOCK) == 1.0)
    assert player.current_ring is not behind
    write_constant(behind, 60_000)
    assert np.all(render(player, 10 * BLOCK) == 1.0)
    assert player.current_ring is behind


def test_small_replacement_ring_keeps_advancing_while_it_waits() -> None:
    player = make_player(make_ring(100_000))
    small = Ring(BLOCK, 1, 0, TRACK_FRAMES)
    player.requested_ring = small
    for _ in range(10):
        small.write(np.ones((small.writable_frames, 1, 2), np.float32))
        render(player, BLOCK)
    assert small.position > 9 * BLOCK


def test_replacement_ring_takes_over_from_an_empty_ring() -> None:
    player = make_player(make_ring(FADE + BLOCK))
    render(player, 2 * BLOCK)
    player.requested_ring = make_ring(50_000)
    sound = render(player, 2 * FADE)
    assert np.all(sound[FADE:] == 1.0)
    assert max_step(sound) < MAX_STEP


@pytest.mark.parametrize("block", [64, BLOCK, 4096])
def test_seek_cross_fades_with_any_block_size(block: int) -> None:
    player = make_player(make_ring(50_000, value=1.0))
    player.requested_ring = make_ring(50_000, start=700_000, seek_number=1, value=-1.0)
    sound = render(player, 8192, block)
    assert np.all(sound[FADE:] == -1.0)
    assert max_step(sound) < 2 * MAX_STEP
    assert player.last_block.frame == 700_000 + 8192
    assert player.last_block.seek_number == 1


def test_second_seek_waits_for_the_fade_of_the_first() -> None:
    player = make_player(make_ring(50_000))
    player.requested_ring = make_ring(50_000, seek_number=1, value=-1.0)
    first = render(player, 64, 64)
    player.requested_ring = make_ring(50_000, seek_number=2, value=0.5)
    sound = np.concatenate([first, render(player, 4096, 64)])
    assert np.all(sound[-1000:] == 0.5)
    assert max_step(sound) < 2 * MAX_STEP


def test_replacement_ring_starts_at_its_own_position_if_its_seek_was_never_heard() -> None:
    player = make_player(make_ramp_ring(90_000))
    player.requested_ring = make_ramp_ring(1000, start=50_000, seek_number=1)
    player.requested_ring = make_ramp_ring(30_000, start=50_000, seek_number=1)
    sound = render(player, 4096)
    np.testing.assert_allclose(sound[FADE:], np.arange(50_000 + FADE, 54_096) / 100_000, atol=1e-6)


def test_gain_moves_one_step_per_frame_while_two_rings_are_heard() -> None:
    player = make_player(make_ring(50_000))
    player.set_gains(1.0, [(0.0, 0.0)])
    player.requested_ring = make_ring(60_000)
    sound = render(player, 2 * FADE)
    assert max_step(sound) < 2 * MAX_STEP
    assert not sound[FADE + 1 :].any()


def test_track_starts_with_only_the_fade_of_the_gate() -> None:
    player = Player(1)
    player.reset(RATE, 0.0)
    player.requested_ring = make_ring(50_000)
    assert not render(player, BLOCK).any()
    player.is_gate_open = True
    sound = render(player, 2 * FADE)
    np.testing.assert_allclose(sound[:FADE], np.arange(1, FADE + 1) / FADE, atol=2e-3)
    assert player.last_block.frame == 2 * FADE


def test_each_empty_ring_counts_as_one_late_read() -> None:
    ring = make_ring(FADE + BLOCK)
    player = make_player(ring)
    render(player, 20 * BLOCK)
    assert player.late_reads == 1
    write_constant(ring, 10 * FADE)
    render(player, 20 * FADE)
    assert player.late_reads == 2


def test_starved_ring_is_not_counted_as_a_late_read() -> None:
    ring = make_ring(FADE + BLOCK)
    ring.is_starved = True
    player = make_player(ring)
    render(player, 20 * BLOCK)
    assert player.late_reads == 0


def test_underflow_reported_by_the_device_is_counted() -> None:
    player = make_player(make_ring(50_000))
    player.fill(np.zeros((BLOCK, 2), np.float32), True)
    player.fill(np.zeros((BLOCK, 2), np.float32), False)
    assert player.underflows == 1


def test_block_requested_after_the_device_buffer_ran_empty_counts_as_an_underflow() -> None:
    player = make_player(make_ring(50_000))
    player.device_latency = 1e-9
    assert player.underflows == 0
    player.fill(np.zeros((BLOCK, 2), np.float32))
    assert player.underflows == 1


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["play", "play", "write", "write", "join", "seek"]), st.integers(1, 3000)),
        min_size=10,
        max_size=60,
    )
)
def test_output_never_jumps_whatever_the_reader_does(actions: list[tuple[str, int]]) -> None:
    player = make_player(newest := make_ring(2 * FADE))
    seek_number, blocks = 0, [np.zeros(0, np.float32)]
    for action, frames in actions:
        if action == "play":
            blocks.append(render(player, frames, frames))
        elif action == "write":
            write_constant(newest, min(frames, newest.writable_frames))
        else:
            seek_number += action == "seek"
            player.requested_ring = newest = make_ring(frames, start=newest.position, seek_number=seek_number)
    assert max_step(np.concatenate([*blocks, render(player, 4096)])) < 2 * MAX_STEP
