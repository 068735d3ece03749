"""Feeds: the readings of a track that a player hears now and next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from desktop.playback.chain import EXTRA_LANES, Chain
from desktop.playback.click import Beat
from desktop.playback.cue import Cue
from desktop.playback.player import Player
from desktop.playback.ring import Ring
from desktop.playback.source import PlaybackSource
from desktop.playback.time_map import Piece, TimeMap

# Seconds read ahead of the playhead.
_READ_AHEAD_S = 2.0
# Seconds read before a seek becomes audible.
_PREROLL_S = 0.15
# Seconds read before another source of the same track takes over; the old source plays meanwhile.
_SWITCH_PREROLL_S = 0.5
# Seconds read before a feed takes over that reads the same source in another way.
_CHANGE_PREROLL_S = 0.06
# Least and most seconds from a change of loop, speed, key or click to the frame at which the new feed should take over.
_MIN_LEAD_S, _MAX_LEAD_S = 0.02, 0.15
# Seconds before a step of the speed trainer in which the feed of the next speed is created.
_STEP_NOTICE_S = 0.5
_BLOCK_FRAMES = 8192


@dataclass(frozen=True)
class Feed:
    """Ring and the chain that fills it from a source."""

    ring: Ring
    chain: Chain
    source: PlaybackSource
    on_time_map: Callable[[Ring], None]

    def fill(self, frames: int) -> None:
        """Read until the ring holds `frames` frames or the source has no more for now. Raises StorageError."""
        while self.needs(frames) and self.read_block():
            pass

    def needs(self, frames: int) -> bool:
        """Return True if the ring holds fewer than `frames` frames, and not the last one."""
        return self.ring.readable_frames < frames and self.ring.writable_frames > 0

    def read_block(self) -> bool:
        """Read the next block; return False if the source has no more for now. Raises StorageError."""
        ring = self.ring
        sound = self.chain.read(min(_BLOCK_FRAMES, ring.writable_frames))
        if ring.time_map is not self.chain.time_map:
            ring.time_map = self.chain.time_map
            self.on_time_map(ring)
        if self.chain.has_ended:
            ring.end = ring.written_end + len(sound)
        ring.is_starved = not len(sound)
        ring.write(sound)
        return not ring.is_starved


class Feeds:
    """The feed that a player hears and the one that takes over next, created from cues; used by the reader's thread."""

    def __init__(self, player: Player, on_time_map: Callable[[Ring], None]) -> None:
        """`on_time_map` gets a ring that has another time map, before that part of it is heard."""
        self._player = player
        self._on_time_map = on_time_map
        self._current: Feed | None = None
        self._next: Feed | None = None
        self._active_cue: Cue | None = None
        self._preparation_s = _MIN_LEAD_S
        """Seconds that it took last time to create a feed that takes over."""

    def is_active(self, cue: Cue) -> bool:
        """Return whether `cue` is the one that was started last."""
        return cue is self._active_cue

    def can_start(self, cue: Cue) -> bool:
        """Return True if a new cue has to be started now.

        It waits for a take-over that is about to happen: otherwise none would happen while a slider is dragged.
        """
        return not self.is_active(cue) and not self._is_take_over_imminent(cue.seek_number)

    def start(self, cue: Cue) -> None:
        """Read a cue's source from the cue's frame on, or from where it is heard if the same seek is heard."""
        self._release_replaced()
        current, following = self._current, self._next
        if current and current.ring.seek_number == cue.seek_number:
            if current.ring is self._player.current_ring:
                self._player.requested_ring = current.ring  # not `following`, which is replaced
            # What is heard must not run dry while the new feed is prepared.
            current.fill(self._frames(_CHANGE_PREROLL_S + 2 * self._preparation_s))
            began = monotonic()
            feed = self._continue(current, cue, self._take_over_frame(current.ring))
            self._request(feed)
            self._preparation_s = monotonic() - began
        elif following and following.ring.seek_number == cue.seek_number:
            self._request(self._continue(following, cue, following.ring.position))
        else:
            self._request(self._create(cue, cue.start, cue.count_in))
        self._active_cue = cue

    def heard(self, seek_number: int) -> tuple[Feed, int] | None:
        """Return the feed of a seek with its frame that is heard, or will be first; None if there is none."""
        self._release_replaced()
        player = self._player
        for feed in (self._current, self._next):
            if feed and feed.ring.seek_number == seek_number:
                frame = player.last_block.heard_frame(seek_number) if feed.ring is player.current_ring else None
                return feed, feed.ring.position if frame is None else int(frame)
        return None

    def resume(self, feed: Feed, frame: int, cue: Cue, rate_ratio: float) -> None:
        """Go on from a frame of a feed that was read for another device, whose rate times `rate_ratio` is this one's."""
        self._request(self._continue(feed, cue, frame, rate_ratio))
        self._active_cue = cue

    def read_ahead(self, should_stop: Callable[[], bool]) -> None:
        """Read until all feeds are full or have no more for now, or `should_stop`. Raises StorageError."""
        self._release_replaced()
        starved: list[Feed] = []
        while not should_stop() and (feed := self._emptiest(starved)):
            if not feed.read_block():
                starved.append(feed)
            self._release_replaced()
        self._plan_trainer_step()

    def has_ended(self, cue: Cue) -> bool:
        """Return whether the feed of `cue` has been played to its end."""
        ring = self._player.current_ring
        return ring is not None and ring.is_finished and self.is_active(cue) and self._next is None

    def close(self) -> None:
        """Close all feeds."""
        for feed in (self._current, self._next):
            if feed:
                feed.chain.close()
        self._current = self._next = self._active_cue = None

    def _is_take_over_imminent(self, seek_number: int) -> bool:
        current, following = self._current, self._next
        if not (current and following and self._player.is_gate_open):
            return False
        return (
            current.ring is self._player.current_ring
            and current.ring.seek_number == following.ring.seek_number == seek_number
            and not (current.ring.is_starved or following.ring.is_starved)
            and following.ring.position <= current.ring.position + self._frames(_MAX_LEAD_S)
        )

    def _take_over_frame(self, ring: Ring) -> int:
        """Return the frame of the heard ring at which a feed that is created now can take over."""
        lead_s = max(_MIN_LEAD_S, min(_MAX_LEAD_S, self._preparation_s)) if self._player.is_gate_open else 0.0
        return ring.position + min(self._frames(lead_s), ring.readable_frames)

    def _continue(self, feed: Feed, cue: Cue, frame: int, rate_ratio: float | None = None) -> Feed:
        """Return a feed that continues another one of the same seek at ring frame `frame`, as `cue` says.

        `rate_ratio` is that of the device's sample rates if the other feed was for another device.
        """
        time_map, settings = feed.ring.time_map, feed.chain.settings
        piece, second = time_map.piece_at(frame), time_map.running_second_at(frame)
        has_same_rounds = (settings.loop, settings.trainer) == (cue.settings.loop, cue.settings.trainer)
        rounds = piece.rounds if has_same_rounds else 0
        start = Piece(frame, second, piece.speed, max(second, piece.playhead_s), rounds)
        if not piece.is_count_in:
            start = start._replace(playhead_s=second)
        if rate_ratio is None:
            return self._create(cue, start, feed.chain.count_in, time_map.until(frame))
        return self._create(cue, start._replace(frame=frame * rate_ratio), feed.chain.count_in)

    def _create(self, cue: Cue, start: Piece, count_in: Sequence[Beat], earlier: TimeMap | None = None) -> Feed:
        source, rate = cue.source, self._player.sample_rate
        chain = Chain(source, rate, cue.settings, start, count_in, earlier)
        capacity = self._frames(_READ_AHEAD_S) + 2 * _BLOCK_FRAMES
        ring = Ring(capacity, source.lanes + EXTRA_LANES, round(start.frame), seek_number=cue.seek_number)
        return Feed(ring, chain, source, self._on_time_map)

    def _request(self, feed: Feed) -> None:
        """Let the callback switch to `feed` once it holds enough frames."""
        current = self._current
        if self._next:
            self._next.chain.close()
        self._next = feed
        if current and current.ring is self._player.current_ring and current.ring.seek_number == feed.ring.seek_number:
            self._catch_up(feed, current)
        else:
            # A device takes as much as its buffer holds at once.
            feed.fill(self._frames(_PREROLL_S + self._player.device_latency))
        self._player.requested_ring = feed.ring

    def _catch_up(self, feed: Feed, playing: Feed) -> None:
        """Read past the position of the ring that plays meanwhile."""
        preroll_s = _CHANGE_PREROLL_S if feed.source is playing.source else _SWITCH_PREROLL_S
        before = -1
        while before < feed.ring.written_end:
            before = feed.ring.written_end
            feed.ring.skip_to(playing.ring.position)
            feed.fill(self._frames(preroll_s))

    def _plan_trainer_step(self) -> None:
        """Create the feed of the trainer's next speed shortly before the round in which it begins."""
        feed, cue = self._current, self._active_cue
        if not (feed and cue) or self._next or feed.ring.seek_number != cue.seek_number:
            return
        position = feed.ring.position
        frame = feed.chain.speed_change_after(position + self._frames(_MIN_LEAD_S))
        if frame is not None and frame < position + self._frames(_STEP_NOTICE_S):
            self._request(self._continue(feed, cue, frame))

    def _emptiest(self, excluded: Sequence[Feed]) -> Feed | None:
        """Return the feed that has to read on first: the heard one must not run dry before the next one takes over."""
        feeds = [
            feed
            for feed in (self._current, self._next)
            if feed and feed not in excluded and feed.needs(self._frames(_READ_AHEAD_S))
        ]
        return min(feeds, key=lambda feed: feed.ring.readable_frames, default=None)

    def _release_replaced(self) -> None:
        """Close the previous stream once the callback has switched to the next ring."""
        if self._next and self._player.current_ring is self._next.ring:
            if self._current:
                self._current.chain.close()
            self._current, self._next = self._next, None

    def _frames(self, seconds: float) -> int:
        return int(seconds * self._player.sample_rate)
