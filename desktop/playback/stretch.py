"""Playback at another speed and in another key: a stream that is stretched, block by block."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from desktop.playback.ring import LaneSamples
from desktop.playback.source import SampleStream
from desktop.playback.stretch_native import NativeStretcher, is_native_available
from desktop.playback.stretch_windows import WindowStretcher

LEAD_IN_S = 0.4
"""Seconds of the source before the first frame that is heard, from which a stretched stream gets its spectrum."""
_READ_FRAMES = 8192


class Stretcher(Protocol):
    """Changes speed and pitch of several channels, which stay in phase with each other.

    The channels are in groups, each transposed by its own number of cents. Output frame `output_latency + n` corresponds
    to the input frame that is `n`, times the speed, behind the first `input_latency` frames.
    """

    block_frames: int
    """Number of output frames of each call of `process`; other sizes would change the sound."""
    input_latency: int
    """Frames of input that are needed before the first block."""
    output_latency: int
    """Frames of output before the first one that corresponds to the input."""
    run_in_blocks: int
    """Blocks after which the sound no longer depends on where it began."""

    def set_cents(self, cents: Sequence[float]) -> None:
        """Transpose each group by its number of `cents`."""
        ...

    def process(self, sound: NDArray[np.float32], frames_out: int) -> NDArray[np.float32]:
        """Add `sound`, float32 `[channels, frames]`, and return float32 `[channels, frames_out]`."""
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


def create_stretcher(groups: Sequence[Sequence[int]], sample_rate: int) -> Stretcher:
    """Return a stretcher for `groups`, which contain the indices of their channels: the compiled one if there is one.

    Raises StretchUnavailableError if this machine has none.
    """
    if is_native_available():
        return NativeStretcher(groups, sample_rate)
    return WindowStretcher(groups, sample_rate)


def needs_stretching(speed: float, cents: int = 0, lane_cents: Sequence[int] = ()) -> bool:
    """Return True if a stream must be stretched; otherwise its samples are played as they are."""
    return speed != 1 or cents != 0 or any(lane_cents)


class StretchedStream:
    """Stream at another speed and pitch: output frame `n` corresponds exactly to input frame `n * speed`.

    All lanes stay aligned, also those that are transposed differently. `n` input frames give `round(n / speed)` frames.
    For use by one thread.
    """

    def __init__(
        self,
        stream: SampleStream,
        lanes: int,
        sample_rate: int,
        speed: float,
        cents: int = 0,
        lane_cents: Sequence[int] = (),
        lead_in: int = 0,
    ) -> None:
        """Stretch `stream`, at `sample_rate`, to `speed` times its speed, transposed by `cents`.

        `lane_cents` are added for each lane. The first `lead_in` frames of `stream`, `LEAD_IN_S` seconds or what there
        is of them, are not returned; frame 0 is the one after them. Raises StretchUnavailableError.
        """
        by_lane = [*lane_cents, *[0] * (lanes - len(lane_cents))]
        self._group_cents = sorted(set(by_lane))
        self._stretcher = create_stretcher([_channels_of(by_lane, value) for value in self._group_cents], sample_rate)
        self._block = self._stretcher.block_frames
        self._input = _InputBuffer(stream, lanes, -lead_in)
        self._stream = stream
        self._lanes = lanes
        self._speed = speed
        # Output frame, and its input frame, up to which the stretcher has worked.
        self._block_end = -self._stretcher.run_in_blocks * self._block
        self._input_end = round(self._block_end * speed)
        self._has_started = False
        self._length: int | None = None
        self._next_frame = self._block_end - self._stretcher.output_latency
        self._output = np.zeros((0, lanes, 2), np.float32)
        self._stretcher.set_cents([cents + own for own in self._group_cents])

    @property
    def has_ended(self) -> bool:
        """True if the last frame was returned."""
        return self._length is not None and self._next_frame >= self._length

    def read(self, frames: int) -> LaneSamples:
        """Return the next frames, at most `frames`, float32 `[frames, lanes, 2]`.

        Returns none at the end, and where the samples do not exist yet. Raises StorageError, StretchUnavailableError.
        """
        while not len(self._output) and self._stretch_block():
            pass
        sound, self._output = self._output[:frames], self._output[frames:]
        self._next_frame += len(sound)
        return sound

    def close(self) -> None:
        """Close the files, and free the stretcher."""
        self._stream.close()
        self._stretcher.close()

    def _stretch_block(self) -> bool:
        """Stretch the next block; return False if its input does not exist yet, or after the end."""
        if self.has_ended:
            return False
        stretcher, block_end = self._stretcher, self._block_end + self._block
        exact_end = block_end * self._speed
        input_end = round(exact_end)
        if not self._input.receive(input_end + stretcher.input_latency):
            return False
        if self._input.length is not None and self._length is None and exact_end >= self._input.length:
            self._length = round(self._input.length / self._speed)
        if not self._has_started:
            self._has_started = True
            self._input.start_at(self._input_end)
            stretcher.process(self._input.take(stretcher.input_latency), 0)
        frames_in = input_end - self._input_end
        self._add_output(stretcher.process(self._input.take(frames_in), self._block))
        self._block_end, self._input_end = block_end, input_end
        return True

    def _add_output(self, rows: NDArray[np.float32]) -> None:
        """Keep the frames from frame 0 to the end."""
        sound = rows.T.reshape(-1, self._lanes, 2)
        before_start = min(len(sound), max(0, -self._next_frame))
        self._next_frame += before_start
        self._output = sound[before_start:]
        if self._length is not None:
            self._output = self._output[: max(0, self._length - self._next_frame)]


class _InputBuffer:
    """Input that was read but not used; silent before its first and after its last frame."""

    def __init__(self, stream: SampleStream, lanes: int, start: int) -> None:
        """Buffer `stream`, whose first frame has the number `start`."""
        self._stream = stream
        self._start = start
        self._sound = np.zeros((0, lanes, 2), np.float32)
        self.length: int | None = None
        """Number of the frame after the last, once it is known."""

    def receive(self, end: int) -> bool:
        """Read up to frame `end`; return False if the stream has no more frames for now. Raises StorageError."""
        while self.length is None and self._start + len(self._sound) < end:
            sound = self._stream.read(max(_READ_FRAMES, end - self._start - len(self._sound)))
            self._sound = np.concatenate([self._sound, sound])
            if self._stream.has_ended:
                self.length = self._start + len(self._sound)
            elif not len(sound):
                return False
        return True

    def start_at(self, frame: int) -> None:
        """Drop the received frames before `frame`, or begin with silence if there are none."""
        silence = np.zeros((max(0, self._start - frame), *self._sound.shape[1:]), np.float32)
        self._sound = np.concatenate([silence, self._sound[max(0, frame - self._start) :]])
        self._start = frame

    def take(self, frames: int) -> NDArray[np.float32]:
        """Remove the next frames and return them as `[channels, frames]`."""
        sound, self._sound = self._sound[:frames], self._sound[frames:]
        self._start += len(sound)
        padded = np.pad(sound, ((0, frames - len(sound)), (0, 0), (0, 0)))
        return padded.transpose(1, 2, 0).reshape(-1, frames)


def _channels_of(cents_by_lane: Sequence[int], cents: int) -> list[int]:
    """Return both channels of each lane that is transposed by `cents`."""
    return [2 * lane + side for lane, value in enumerate(cents_by_lane) if value == cents for side in (0, 1)]
