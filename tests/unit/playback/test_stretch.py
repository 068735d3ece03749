"""Speed and key: the sound, its exact place in the song, and all lanes together; compiled, and in windows."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.errors import StretchUnavailableError
from desktop.playback import stretch, stretch_process, stretch_windows
from desktop.playback.ring import LaneSamples
from desktop.playback.stretch import LEAD_IN_S, StretchedStream, needs_stretching

RATE = 44100
SECONDS = 4
LEAD_IN = int(LEAD_IN_S * RATE)
TOLERANCE_S = 0.002


@pytest.fixture(autouse=True, params=["compiled", "windows"])
def implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "compiled" and not stretch.is_native_available():
        pytest.skip("set-up found no C++ compiler")
    if request.param == "windows":
        pytest.importorskip("python_stretch", reason="python-stretch has no build for this machine")
        monkeypatch.setattr(stretch, "is_native_available", lambda: False)
    return request.param


class ArrayStream:
    """Stream of `sound`, at most `most` frames a read, which has only its first `available` frames for now."""

    def __init__(self, sound: LaneSamples, most: int = 1 << 20) -> None:
        self.available = len(sound)
        self.is_closed = False
        self._sound, self._most, self._position = sound, most, 0

    @property
    def has_ended(self) -> bool:
        return self._position == len(self._sound)

    def read(self, frames: int) -> LaneSamples:
        end = min(self._position + min(frames, self._most), self.available)
        sound, self._position = self._sound[self._position : end], end
        return sound

    def close(self) -> None:
        self.is_closed = True


def lanes_of(*channels: NDArray[np.floating]) -> LaneSamples:
    """Return a lane with the same sound on both sides for each of `channels`."""
    return np.repeat(np.stack(channels, axis=1).astype(np.float32)[:, :, None], 2, axis=2)


def tone(frequency: float, seconds: float = SECONDS) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def clicks(positions: Sequence[int] | NDArray[np.int_], frames: int = SECONDS * RATE) -> NDArray[np.float64]:
    """Return clicks of half a millisecond."""
    sound = np.zeros(frames)
    for position in positions:
        sound[position : position + 22] = 0.8
    return sound


def read_all(stream: StretchedStream, frames: int = 4096) -> LaneSamples:
    blocks: list[LaneSamples] = []
    while not stream.has_ended:
        blocks.append(stream.read(frames))
        assert len(blocks[-1]) or stream.has_ended
    return np.concatenate(blocks)


def stretched(sound: LaneSamples, speed: float, cents: int = 0, lane_cents: Sequence[int] = ()) -> LaneSamples:
    return read_all(StretchedStream(ArrayStream(sound), sound.shape[1], RATE, speed, cents, lane_cents))


def level_beside(sound: NDArray[np.floating], frequency: float) -> float:
    """Return the level in dB of everything further than 15 Hz from `frequency`, relative to the rest."""
    inner = sound[RATE // 2 : -RATE // 2]
    power = np.abs(np.fft.rfft(inner * np.blackman(len(inner)))) ** 2
    is_near = np.abs(np.fft.rfftfreq(len(inner), 1 / RATE) - frequency) < 15
    return float(10 * np.log10(power[~is_near].sum() / power[is_near].sum()))


def click_errors(sound: NDArray[np.floating], expected: Sequence[float] | NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the distance in seconds between each expected frame and the loudest frame around it."""
    errors: list[float] = []
    for frame in expected:
        first = max(0, round(frame) - RATE // 20)
        around = np.abs(sound[first : round(frame) + RATE // 20])
        assert around.max() > 0.3
        errors.append((first + int(around.argmax()) - frame) / RATE)
    return np.array(errors)


def test_transposed_tone_has_its_energy_at_the_new_frequency() -> None:
    sound = stretched(lanes_of(tone(440)), 1, 300)[:, 0, 0]
    assert level_beside(sound, 440 * 2 ** (3 / 12)) < -40


@pytest.mark.parametrize("speed", [0.75, 1.5])
def test_tone_keeps_its_frequency_at_another_speed(speed: float) -> None:
    assert level_beside(stretched(lanes_of(tone(440)), speed)[:, 0, 0], 440) < -40


# Signalsmith Stretch spreads what is slower than half the speed at random.
@pytest.mark.parametrize(
    ("speed", "tolerance"), [(0.25, 0.012), *((speed, TOLERANCE_S) for speed in (0.5, 0.75, 1.1, 2.0))]
)
def test_clicks_are_where_they_belong_for_the_whole_length(speed: float, tolerance: float) -> None:
    positions = np.arange(0, 12 * RATE - 100, RATE // 2)
    sound = stretched(lanes_of(clicks(positions, 12 * RATE)), speed)[:, 0, 0]
    assert np.abs(click_errors(sound, positions / speed)).max() < tolerance


def test_lanes_that_cancel_still_cancel() -> None:
    random = np.random.default_rng(1)
    noise = random.standard_normal(2 * RATE) * 0.1
    sound = stretched(lanes_of(noise, -noise, tone(330, 2)), 0.8, -200)
    assert np.abs(sound[:, 0]).max() > 0.1
    assert np.abs(sound[:, 0] + sound[:, 1]).max() < 1e-5


def test_sizes_of_reads_do_not_matter() -> None:
    sound = lanes_of(tone(220, 2) + clicks(range(0, RATE, 9000), 2 * RATE), tone(550, 2))
    results = [
        read_all(StretchedStream(ArrayStream(sound, most), 2, RATE, 0.77, 100), frames)
        for most, frames in ((1 << 20, 1 << 20), (1000, 333))
    ]
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("speed", [0.25, 0.7, 0.8, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("frames", [0, 1, 1023, 50_001])
def test_length_is_the_length_of_the_input_divided_by_the_speed(speed: float, frames: int) -> None:
    assert len(stretched(np.zeros((frames, 1, 2), np.float32), speed)) == round(frames / speed)


def test_one_lane_is_transposed_alone_and_stays_aligned(implementation: str) -> None:
    positions = np.arange(4000, SECONDS * RATE - 100, RATE // 3)
    sound = lanes_of(tone(440), tone(440), clicks(positions), clicks(positions))
    out = stretched(sound, 0.9, 0, [0, 500, 0, 500])[:, :, 0]
    assert level_beside(out[:, 0], 440) < -40
    assert level_beside(out[:, 1], 440 * 2 ** (5 / 12)) < -40
    errors = [click_errors(out[:, lane], positions / 0.9) for lane in (2, 3)]
    assert np.abs(errors[0] - errors[1]).max() < TOLERANCE_S
    # Windows are moved, with all lanes, to where they fit best.
    assert np.abs(errors).max() < TOLERANCE_S + (0.005 if implementation == "windows" else 0)


def test_lane_cents_are_added_to_those_of_the_mix() -> None:
    out = stretched(lanes_of(tone(440), tone(440)), 1, 200, [0, -200])[:, :, 0]
    assert level_beside(out[:, 0], 440 * 2 ** (2 / 12)) < -40
    assert level_beside(out[:, 1], 440) < -40


def test_stream_that_has_no_samples_for_now_goes_on_later_without_a_seam() -> None:
    sound = lanes_of(tone(330))
    source = ArrayStream(sound)
    stream = StretchedStream(source, 1, RATE, 0.75)
    blocks: list[LaneSamples] = []
    for source.available in (0, 100, RATE, RATE, 2 * RATE + 1, len(sound)):
        while len(block := stream.read(1000)):
            blocks.append(block)
        assert stream.has_ended == (source.available == len(sound))
    np.testing.assert_array_equal(np.concatenate(blocks), stretched(sound, 0.75))


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_stream_with_a_lead_in_begins_at_full_level_and_on_time(speed: float) -> None:
    positions = np.arange(0, SECONDS * RATE - 100, RATE // 2)
    start = RATE
    sound = lanes_of(tone(440), clicks(positions))[start - LEAD_IN :]
    stream = StretchedStream(ArrayStream(sound), 2, RATE, speed, lead_in=LEAD_IN)
    out = read_all(stream)[:, :, 0]
    assert len(out) == round((SECONDS * RATE - start) / speed)
    assert np.sqrt(np.mean(out[: RATE // 50, 0] ** 2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)
    assert np.abs(click_errors(out[:, 1], (positions[positions >= start] - start) / speed)).max() < TOLERANCE_S


def test_stretching_is_needed_only_at_another_speed_or_key() -> None:
    assert not needs_stretching(1)
    assert not needs_stretching(1, 0, [0, 0])
    assert needs_stretching(0.99)
    assert needs_stretching(1, -1)
    assert needs_stretching(1, 0, [0, 100])


def test_closing_closes_the_stretched_stream() -> None:
    source = ArrayStream(lanes_of(tone(440, 1)))
    StretchedStream(source, 1, RATE, 0.5).close()
    assert source.is_closed


def test_machine_without_a_stretcher_says_why(implementation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if implementation == "windows":
        monkeypatch.setattr(stretch_process, "find_spec", lambda _name: None)
        with pytest.raises(StretchUnavailableError, match="no C\\+\\+ compiler"):
            StretchedStream(ArrayStream(lanes_of(tone(440, 1))), 1, RATE, 0.5)


def test_process_that_was_killed_is_started_again(implementation: str) -> None:
    if implementation == "windows":
        sound = lanes_of(tone(440, 1))
        before = stretched(sound, 0.9)
        stream = StretchedStream(ArrayStream(sound), 1, RATE, 0.9)
        process = stretch_windows._process._process
        assert process
        process.kill()
        process.wait()
        np.testing.assert_array_equal(read_all(stream), before)
