"""Time map of a ring: which second of the song each of its frames is."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple


class Piece(NamedTuple):
    """Frames of a ring in which the song runs at one speed, without a jump; it lasts until the next piece."""

    frame: float
    """First frame; between two frames if the song jumps there."""
    second: float
    """Second of the song at that frame. That of a count-in runs up to the playhead, though the song is silent."""
    speed: float
    """Seconds of the song per second: 1 at 100 %."""
    playhead_s: float
    """First second of the song that is heard; `second`, except in a count-in."""
    rounds: int = 0
    """Number of times that the loop was played before."""

    @property
    def is_count_in(self) -> bool:
        """Whether clicks lead into the song, which is silent meanwhile."""
        return self.second < self.playhead_s


@dataclass(frozen=True)
class TimeMap:
    """Pieces of a ring in ascending order; without one, frame 0 is the start of the song."""

    sample_rate: int = 44100
    """Sample rate of the ring in Hz."""
    pieces: tuple[Piece, ...] = ()

    def with_piece(self, piece: Piece, oldest_frame: float) -> "TimeMap":
        """Return this map with `piece` added, and without the pieces that end before `oldest_frame`."""
        first = max(0, bisect_right(self.pieces, oldest_frame, key=_frame_of) - 1)
        return replace(self, pieces=(*self.pieces[first:], piece))

    def until(self, frame: float) -> "TimeMap":
        """Return this map without the pieces that begin at `frame` or later."""
        return replace(self, pieces=tuple(piece for piece in self.pieces if piece.frame < frame))

    def piece_at(self, frame: float) -> Piece:
        """Return the piece with `frame`; the first one for a frame before it."""
        if not self.pieces:
            return Piece(0, 0.0, 1.0, 0.0)
        return self.pieces[max(0, bisect_right(self.pieces, frame, key=_frame_of) - 1)]

    def running_second_at(self, frame: float) -> float:
        """Return the second of the song at `frame`, which runs in a count-in as well."""
        piece = self.piece_at(frame)
        return piece.second + (frame - piece.frame) * piece.speed / self.sample_rate

    def second_at(self, frame: float) -> float:
        """Return where the playhead is at `frame`, in seconds of the song."""
        return max(self.running_second_at(frame), self.piece_at(frame).playhead_s)

    def pieces_between(self, start: float, end: float) -> Iterator[tuple[Piece, float]]:
        """Yield each piece of the frames from `start` to `end`, and the frame at which it ends: infinity for the last."""
        first = max(0, bisect_right(self.pieces, start, key=_frame_of) - 1)
        ends = (*(piece.frame for piece in self.pieces[1:]), inf)
        for piece, piece_end in zip(self.pieces[first:], ends[first:], strict=True):
            if piece.frame < end:
                yield piece, piece_end


def _frame_of(piece: Piece) -> float:
    return piece.frame
