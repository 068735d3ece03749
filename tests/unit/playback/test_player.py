"""The callback without a sound card, sample by sample: whatever the rings hold, what is heard never jumps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.playback.mixer import RAMP_S
from desktop.playback.player import Player
from desktop.playback.ring import Ring

RATE = 44100
FADE = int(RAMP_S * RATE)
BLOCK = 441
LONG = 10**6
# A frame of sound may differ from the one before by one step of a fade.
STEP = 1.001 / FADE


def ring(frames: int, start: int = 0, number: int = 0, end: int = LONG, value: float = 1.0) -> Ring:
    made = Ring(200_000, 1, start, end, number)
    write(made, frames, value)
    return made


def write(into: Ring, frames: int, value: float = 1.0) -> None:
    into.write(np.full((frames, 1, 2), value, np.float32))


def counted(frames: int, start: int = 0, number: int = 0) -> Ring:
    """A ring in which every frame tells its place in the song, up to the song's 100,000th."""
    made = Ring(200_000, 1, start, 100_000, number)
    made.write(np.repeat(np.arange(start, start + frames, dtype=np.float32) / 100_000, 2).reshape(-1, 1, 2))
    return made


def playing(first: Ring | None = None) -> Player:
    """A player whose gate has been open for long."""
    player = Player(1)
    player.reset(RATE, 0.0)
    player.is_gate_open = True
    player.requested_ring = ring(2 * FADE, end=2 * FADE, number=-2)
    heard(player, 2 * FADE)
    player.requested_ring = first
    heard(player, FADE)
    return player


def heard(player: Player, frames: int, block: int = BLOCK) -> NDArray[np.float32]:
    """One side of the next `frames` frames."""
    out = np.ones((frames, 2), np.float32)
    for start in range(0, frames, block):
        player.fill(out[start : start + block])
    np.testing.assert_array_equal(out[:, 0], out[:, 1])
    return out[:, 0]


def steepest(sound: NDArray[np.float32]) -> float:
    return float(np.abs(np.diff(sound)).max())


@pytest.mark.parametrize("more", [0, 200, 440])
def test_sound_fades_out_before_its_ring_runs_dry_wherever_in_a_block_that_is(more: int) -> None:
    player = playing(ring(FADE + 4 * BLOCK + more))
    sound = heard(player, 7 * BLOCK)
    last = 4 * BLOCK + more - 1
    assert sound[last] == 0.0
    assert sound[last - FADE // 2] == pytest.approx(0.5, abs=0.01)
    assert sound[0] == 1.0
    assert steepest(sound) < STEP


def test_sound_that_comes_late_fades_in_where_it_stopped() -> None:
    dry = ring(FADE + BLOCK)
    player = playing(dry)
    heard(player, 3 * BLOCK)
    write(dry, 4 * FADE)
    sound = heard(player, 2 * FADE)
    assert sound[0] < STEP
    assert np.all(sound[FADE:] == 1.0)
    assert steepest(sound) < STEP


def test_the_end_of_a_song_is_not_faded() -> None:
    player = playing(ring(FADE + 3 * BLOCK, end=FADE + 3 * BLOCK))
    assert np.all(heard(player, 3 * BLOCK) == 1.0)
    assert not heard(player, BLOCK).any()
    assert player.late_reads == 0


def test_another_source_of_the_song_takes_over_at_the_very_frame() -> None:
    player = playing(counted(50_000))
    player.requested_ring = counted(60_000)
    sound = heard(player, 20_000)
    np.testing.assert_allclose(sound, np.arange(FADE, FADE + 20_000) / 100_000, atol=1e-6)
    assert player.current_ring is player.requested_ring


def test_a_source_that_is_behind_takes_over_when_it_is_ready_and_nothing_is_missing() -> None:
    player = playing(ring(50_000))
    behind = ring(BLOCK)
    player.requested_ring = behind
    assert np.all(heard(player, 10 * BLOCK) == 1.0)
    assert player.current_ring is not behind
    write(behind, 60_000)
    assert np.all(heard(player, 10 * BLOCK) == 1.0)
    assert player.current_ring is behind


def test_a_source_that_waits_to_take_over_is_not_stopped_by_its_size() -> None:
    player = playing(ring(100_000))
    small = Ring(BLOCK, 1, 0, LONG)
    player.requested_ring = small
    for _ in range(10):
        small.write(np.ones((small.writable_frames, 1, 2), np.float32))
        heard(player, BLOCK)
    assert small.position > 9 * BLOCK


def test_a_source_takes_over_from_one_that_has_run_dry() -> None:
    player = playing(ring(FADE + BLOCK))
    heard(player, 2 * BLOCK)
    player.requested_ring = ring(50_000)
    sound = heard(player, 2 * FADE)
    assert np.all(sound[FADE:] == 1.0)
    assert steepest(sound) < STEP


@pytest.mark.parametrize("block", [64, BLOCK, 4096])
def test_a_seek_cross_fades_over_blocks_of_any_size(block: int) -> None:
    player = playing(ring(50_000, value=1.0))
    player.requested_ring = ring(50_000, start=700_000, number=1, value=-1.0)
    sound = heard(player, 8192, block)
    assert np.all(sound[FADE:] == -1.0)
    assert steepest(sound) < 2 * STEP
    assert player.last_block.frame == 700_000 + 8192
    assert player.last_block.seek_number == 1


def test_a_second_seek_waits_for_the_fade_of_the_first() -> None:
    player = playing(ring(50_000))
    player.requested_ring = ring(50_000, number=1, value=-1.0)
    first = heard(player, 64, 64)
    player.requested_ring = ring(50_000, number=2, value=0.5)
    sound = np.concatenate([first, heard(player, 4096, 64)])
    assert np.all(sound[-1000:] == 0.5)
    assert steepest(sound) < 2 * STEP


def test_a_source_begins_at_its_own_place_when_the_seek_before_it_was_never_heard() -> None:
    player = playing(counted(90_000))
    player.requested_ring = counted(1000, start=50_000, number=1)
    player.requested_ring = counted(30_000, start=50_000, number=1)
    sound = heard(player, 4096)
    np.testing.assert_allclose(sound[FADE:], np.arange(50_000 + FADE, 54_096) / 100_000, atol=1e-6)


def test_a_level_moves_by_one_step_a_frame_also_while_two_rings_are_heard() -> None:
    player = playing(ring(50_000))
    player.set_levels(0.0, [-60.0])
    player.requested_ring = ring(60_000)
    sound = heard(player, 2 * FADE)
    assert steepest(sound) < 2 * STEP
    assert not sound[FADE + 1 :].any()


def test_a_song_begins_with_the_fade_of_the_gate_alone() -> None:
    player = Player(1)
    player.reset(RATE, 0.0)
    player.requested_ring = ring(50_000)
    assert not heard(player, BLOCK).any()
    player.is_gate_open = True
    sound = heard(player, 2 * FADE)
    np.testing.assert_allclose(sound[:FADE], np.arange(1, FADE + 1) / FADE, atol=2e-3)
    assert player.last_block.frame == 2 * FADE


def test_a_ring_that_runs_dry_because_the_reader_is_late_is_counted_once() -> None:
    dry = ring(FADE + BLOCK)
    player = playing(dry)
    heard(player, 20 * BLOCK)
    assert player.late_reads == 1
    write(dry, 10 * FADE)
    heard(player, 20 * FADE)
    assert player.late_reads == 2


def test_sound_that_is_not_there_yet_is_no_dropout() -> None:
    dry = ring(FADE + BLOCK)
    dry.is_starved = True
    player = playing(dry)
    heard(player, 20 * BLOCK)
    assert player.late_reads == 0


def test_an_underflow_that_the_device_tells_of_is_counted() -> None:
    player = playing(ring(50_000))
    player.fill(np.zeros((BLOCK, 2), np.float32), True)
    player.fill(np.zeros((BLOCK, 2), np.float32), False)
    assert player.underflows == 1


def test_a_block_that_is_asked_for_when_the_device_has_played_all_it_had_is_an_underflow() -> None:
    player = playing(ring(50_000))
    player.latency = 1e-9
    assert player.underflows == 0
    player.fill(np.zeros((BLOCK, 2), np.float32))
    assert player.underflows == 1


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["play", "play", "write", "write", "join", "seek"]), st.integers(1, 3000)),
        min_size=10,
        max_size=60,
    )
)
def test_sound_never_jumps_whatever_the_reader_does(deeds: list[tuple[str, int]]) -> None:
    player = playing(newest := ring(2 * FADE))
    number, blocks = 0, [np.zeros(0, np.float32)]
    for deed, frames in deeds:
        if deed == "play":
            blocks.append(heard(player, frames, frames))
        elif deed == "write":
            write(newest, min(frames, newest.writable_frames))
        else:
            number += deed == "seek"
            player.requested_ring = newest = ring(frames, start=newest.position, number=number)
    assert steepest(np.concatenate([*blocks, heard(player, 4096)])) < 2 * STEP
