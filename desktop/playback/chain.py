"""Chain: from a source to the frames of a ring, at the speed and in the key that are set, with loop, count-in and click.

```
source -> LoopedStream -> ResampledStream -> StretchedStream -> OriginalStream -> lanes, original, click
          source's rate | device's rate, if it differs | if speed or key differ
```

The sum of stretched stems is the stretched sum: their channels keep their phases to each other. At another speed it differs
by -92 dB, in another key by -30 dB, which is as good; and it spares the stretcher two channels. If a stem is transposed
alone, the original, which is not, is summed before it is stretched.
"""

from collections.abc import Sequence
from math import ceil, floor, gcd

import numpy as np

from desktop.errors import StretchUnavailableError
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.click import CLICK_S, Beat, ClickLane
from desktop.playback.looped_stream import LoopedStream, loop_frames
from desktop.playback.original_stream import OriginalStream
from desktop.playback.ring import LaneSamples
from desktop.playback.source import PlaybackSource, ResampledStream, SampleStream
from desktop.playback.stretch import LEAD_IN_S, StretchedStream, needs_stretching
from desktop.playback.time_map import Piece, TimeMap

EXTRA_LANES = 2
"""Number of lanes after the stems: the original and the click."""
# Seconds for which a time map keeps pieces: what is read ahead, and the latency of the device.
_HISTORY_S = 5.0
# A position in frames that was computed from seconds may be this much too small.
_FRAME_ERROR = 1e-6


class Chain:
    """Sequential reader of a source through all the steps, with the time map of the frames that it returned."""

    def __init__(
        self,
        source: PlaybackSource,
        sample_rate: int,
        settings: ChainSettings,
        start: Piece,
        count_in: Sequence[Beat] = (),
        earlier: TimeMap | None = None,
    ) -> None:
        """Open `source` for a ring at `sample_rate`, where `start` says; its speed follows from the settings.

        `count_in` has the beats of the count-in if `start` is one. `earlier` is the time map of the ring's frames before.
        Raises StorageError, StretchUnavailableError.
        """
        self.settings = settings
        self.count_in = count_in
        self.speed = settings.speed_at(start.rounds)
        self._sample_rate = sample_rate
        self._source_rate = source.sample_rate
        self._frame = round(start.frame)
        exact_frame = min(source.frames, start.playhead_s * source.sample_rate + _FRAME_ERROR)
        self._loop = loop_frames(settings.loop, source, floor(exact_frame)) if settings.loop else None
        song_frame = min(round(exact_frame), self._loop[1] - 1 if self._loop else source.frames)
        playhead_s = song_frame / source.sample_rate
        lead_s = playhead_s - start.second if start.is_count_in else 0.0
        self._silent_frames = round(lead_s * self._frames_per_second)
        self.time_map = TimeMap(sample_rate, earlier.pieces if earlier else ())
        """Of the frames that were returned, and some before and after them."""
        if self._silent_frames:
            self._add_piece(self._frame, playhead_s - lead_s, playhead_s, start.rounds)
        song_start = self._frame + self._silent_frames
        self._add_piece(song_start, playhead_s, playhead_s, start.rounds)
        if self._loop:
            self._next_wrap = song_start + self._ring_frames(self._loop[1] - song_frame)
        self._click = ClickLane(sample_rate, settings.click_grid, count_in, settings.has_accent)
        self._click.start_sounds(self._frame - ceil(CLICK_S * sample_rate), self._frame, self.time_map)
        self._stream = self._open_stream(source, song_frame)

    @property
    def has_ended(self) -> bool:
        """Whether the last frame was returned."""
        return not self._silent_frames and self._stream.has_ended

    def read(self, frames: int) -> LaneSamples:
        """Return at most `frames` next frames, float32 `[frames, lanes + 2, 2]`. Raises StorageError.

        Returns none at the end, and where the samples do not exist yet.
        """
        if self._silent_frames:
            count = min(frames, self._silent_frames)
            self._silent_frames -= count
            song = np.zeros((count, self._stream_lanes, 2), np.float32)
        else:
            song = self._stream.read(frames)
        self._add_wraps(self._frame + len(song))
        sound = np.empty((len(song), self._stream_lanes + 1, 2), np.float32)
        sound[:, :-1] = song
        self._click.render(sound[:, -1], self._frame, self.time_map)
        self._frame += len(song)
        return sound

    def close(self) -> None:
        """Close the files."""
        self._stream.close()

    def speed_change_after(self, frame: float) -> int | None:
        """Return the first frame from `frame` on, of those returned, from which the trainer wants another speed."""
        for piece in self.time_map.pieces:
            if piece.frame >= frame and self.settings.speed_at(piece.rounds) != self.speed:
                return ceil(piece.frame)
        return None

    @property
    def _frames_per_second(self) -> float:
        """Frames of the ring per second of the song."""
        return self._sample_rate / self.speed

    def _ring_frames(self, source_frames: int) -> float:
        return source_frames / self._source_rate * self._frames_per_second

    def _add_piece(self, frame: float, second: float, playhead_s: float, rounds: int) -> None:
        piece = Piece(frame, second, self.speed, playhead_s, rounds)
        self.time_map = self.time_map.with_piece(piece, frame - _HISTORY_S * self._sample_rate)

    def _add_wraps(self, end: int) -> None:
        """Add a piece for each wrap of the loop up to frame `end`."""
        if not self._loop:
            return
        first, last = self._loop
        while self._next_wrap <= end:
            second = first / self._source_rate
            self._add_piece(self._next_wrap, second, second, self.time_map.pieces[-1].rounds + 1)
            self._next_wrap += self._ring_frames(last - first)

    def _open_stream(self, source: PlaybackSource, song_frame: int) -> SampleStream:
        settings, rate_in, rate_out = self.settings, source.sample_rate, self._sample_rate
        self._stream_lanes = source.lanes + 1
        is_stretched = needs_stretching(self.speed, settings.cents, settings.lane_cents)
        # A number of frames that is whole at both rates.
        unit = rate_in // gcd(rate_in, rate_out)
        lead_in = min(song_frame, int(LEAD_IN_S * rate_in)) // unit * unit if is_stretched else 0
        stream: SampleStream = LoopedStream(source, song_frame, self._loop, lead_in)
        if rate_in != rate_out:
            stream = ResampledStream(stream, source.lanes, rate_in, rate_out)
        if not is_stretched:
            return OriginalStream(stream)
        lead_in = lead_in * rate_out // rate_in
        try:
            if any(settings.lane_cents):
                return StretchedStream(
                    OriginalStream(stream), self._stream_lanes, rate_out, self.speed, settings.cents,
                    settings.lane_cents, lead_in,
                )  # fmt: skip
            return OriginalStream(
                StretchedStream(stream, source.lanes, rate_out, self.speed, settings.cents, lead_in=lead_in)
            )
        except StretchUnavailableError:
            stream.close()
            raise
