"""Reader thread: opens the device and reads ahead of the playhead, so that the callback never waits for a disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from desktop.errors import SoundUnavailableError, StorageError, StretchUnavailableError, UnbraidError
from desktop.playback.adaptive_latency import AdaptiveLatency
from desktop.playback.chain import EXTRA_LANES, Chain
from desktop.playback.click import Beat
from desktop.playback.cue import Cue
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.playback.player_output import PlayerOutput
from desktop.playback.ring import Ring
from desktop.playback.source import PlaybackSource
from desktop.playback.time_map import Piece, TimeMap
from desktop.text.message import Message

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
# Seconds between polls; one poll costs some microseconds.
_POLL_INTERVAL_S = 0.02
# The same while a take-over is awaited.
_SHORT_POLL_INTERVAL_S = 0.005
# Seconds of pause after which the device is released.
_RELEASE_DEVICE_AFTER_S = 3.0
# The same if it plays in place of the chosen one, which is looked for when a device is opened.
_RELEASE_FALLBACK_AFTER_S = 0.2
# Seconds between two log lines about dropouts.
_LOG_INTERVAL_S = 10.0
# Seconds that `close` waits for a sound server that does not respond.
_CLOSE_TIMEOUT_S = 2.0
_BLOCK_FRAMES = 8192
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Feed:
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


class Reader:
    """Thread that feeds a player from the latest cue and keeps the device open while the player's gate is open.

    The thread ends at its first error.
    """

    def __init__(
        self,
        player: Player,
        cue: Cue,
        on_ended: Callable[[int], None],
        on_error: Callable[[int, UnbraidError], None],
        predecessor: "Reader | None" = None,
        output: OutputSettings | None = None,
        lane_names: Sequence[str] = (),
        on_notice: Callable[[Message], None] = lambda message: None,
        on_time_map: Callable[[Ring], None] = lambda ring: None,
        latency: AdaptiveLatency | None = None,
    ) -> None:
        """Start the thread, which first waits until `predecessor`, closed or failed, has released the device.

        It calls `on_ended` with the number of the seek that was played to the track's end, `on_error` with that of the
        one that failed, and `on_time_map` with a ring that has another time map, before that part of it is heard.
        """
        self._wake_event = threading.Event()
        self.cue = cue
        """Latest cue, written by the window and read by the thread; cues are not queued."""
        self._player = player
        self._on_ended = on_ended
        self._on_error = on_error
        self._on_time_map = on_time_map
        self._predecessor = predecessor
        self._output = PlayerOutput(player, lane_names, output or OutputSettings(), self.wake, on_notice, latency)
        self._active_cue: Cue | None = None
        self._current_feed: _Feed | None = None
        self._next_feed: _Feed | None = None
        self._is_closing = False
        self._preparation_s = _MIN_LEAD_S
        """Seconds that it took last time to create a feed that takes over."""
        self.has_ended = False
        """True after an error or `close`: the reader plays nothing more."""
        self._logged_dropouts, self._next_log_at = 0, 0.0
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Wake the thread after a new cue or after opening the player's gate."""
        self._wake_event.set()

    def close(self) -> None:
        """Have the thread release the device and end; do not wait for it."""
        self._is_closing = True
        self._wake_event.set()

    def set_output(self, settings: OutputSettings) -> None:
        """Use another output, at once if a device is open."""
        self._output.settings = settings
        self._wake_event.set()

    def join(self) -> None:
        """Wait for the end of the closed thread; abandon it if the device does not respond within a time limit."""
        self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            _log.warning("The sound device did not respond; its thread was abandoned")

    def _run(self) -> None:
        try:
            if self._predecessor:
                self._predecessor.join()
                self._predecessor = None
            while not self._is_closing:
                self._run_once()
        except (SoundUnavailableError, StorageError, StretchUnavailableError) as error:
            self._stop_playing()
            if not self._is_closing:
                self._on_error(self.cue.seek_number, error)
        finally:
            self._stop_playing()
            self._close_device()

    def _stop_playing(self) -> None:
        self.has_ended, self._player.is_gate_open = True, False

    def _run_once(self) -> None:
        self._wait_for_work()
        self._output.adapt_latency()
        if self._output.is_stale:
            self._replace_device()
        if self._player.is_gate_open and not self._output.is_open:
            self._open_device()
        if self._output.is_open and self._has_startable_cue():
            self._start_cue(self.cue)
        self._read_ahead()
        self._check_end()
        self._log_dropouts()

    def _wait_for_work(self) -> None:
        """Wait for the next poll; during a pause, wait for `wake`, and release the device after a while."""
        if not self._player.is_gate_open:
            timeout_s = _RELEASE_FALLBACK_AFTER_S if self._output.is_fallback else _RELEASE_DEVICE_AFTER_S
        else:
            timeout_s = _SHORT_POLL_INTERVAL_S if self._active_cue is not self.cue else _POLL_INTERVAL_S
        if not self._wake_event.wait(timeout_s) and not self._player.is_gate_open:
            self._close_device()
            self._wake_event.wait()
        self._wake_event.clear()

    def _open_device(self, resumed: "tuple[_Feed, int] | None" = None) -> None:
        """Open the device and start the latest cue, or go on from a frame of a feed that another device played."""
        cue, earlier_rate = self.cue, self._player.sample_rate
        self._output.open(cue.source.sample_rate)
        if resumed:
            feed, frame = resumed
            self._request(self._continue_feed(feed, cue, frame, self._player.sample_rate / earlier_rate))
            self._active_cue = cue
        else:
            self._start_cue(cue)
        self._output.start()

    def _replace_device(self) -> None:
        """Close the device that was lost or is not wanted any more; if the song plays, go on where it was heard."""
        is_playing, resumed = self._player.is_gate_open, self._heard_feed()
        self._close_device(is_replaced=is_playing)
        if is_playing:
            self._open_device(resumed)

    def _heard_feed(self) -> "tuple[_Feed, int] | None":
        """Return the feed of the latest seek with its frame that is heard, or will be first; None if there is none."""
        self._release_replaced_feed()
        seek_number, player = self.cue.seek_number, self._player
        for feed in (self._current_feed, self._next_feed):
            if feed and feed.ring.seek_number == seek_number:
                frame = player.last_block.heard_frame(seek_number) if feed.ring is player.current_ring else None
                return feed, feed.ring.position if frame is None else int(frame)
        return None

    def _close_device(self, is_replaced: bool = False) -> None:
        if self._output.is_open:
            self._output.close(is_replaced)
            self._log_dropouts(is_forced=True)
        for feed in (self._current_feed, self._next_feed):
            if feed:
                feed.chain.close()
        self._current_feed = self._next_feed = self._active_cue = None

    def _has_startable_cue(self) -> bool:
        """Return True if a new cue has to be started now.

        It waits for a take-over that is about to happen: otherwise none would happen while a slider is dragged.
        """
        return self._active_cue is not self.cue and not self._is_take_over_imminent(self.cue.seek_number)

    def _is_take_over_imminent(self, seek_number: int) -> bool:
        current, following = self._current_feed, self._next_feed
        if not (current and following and self._player.is_gate_open):
            return False
        return (
            current.ring is self._player.current_ring
            and current.ring.seek_number == following.ring.seek_number == seek_number
            and not (current.ring.is_starved or following.ring.is_starved)
            and following.ring.position <= current.ring.position + self._frames(_MAX_LEAD_S)
        )

    def _start_cue(self, cue: Cue) -> None:
        """Read a cue's source from the cue's frame on, or from where it is heard if the same seek is heard."""
        self._release_replaced_feed()
        current, following = self._current_feed, self._next_feed
        if current and current.ring.seek_number == cue.seek_number:
            if current.ring is self._player.current_ring:
                self._player.requested_ring = current.ring  # not `following`, which is replaced
            # What is heard must not run dry while the new feed is prepared.
            current.fill(self._frames(_CHANGE_PREROLL_S + 2 * self._preparation_s))
            began = monotonic()
            feed = self._continue_feed(current, cue, self._take_over_frame(current.ring))
            self._request(feed)
            self._preparation_s = monotonic() - began
        elif following and following.ring.seek_number == cue.seek_number:
            self._request(self._continue_feed(following, cue, following.ring.position))
        else:
            self._request(self._create_feed(cue, cue.start, cue.count_in))
        self._active_cue = cue

    def _take_over_frame(self, ring: Ring) -> int:
        """Return the frame of the heard ring at which a feed that is created now can take over."""
        lead_s = max(_MIN_LEAD_S, min(_MAX_LEAD_S, self._preparation_s)) if self._player.is_gate_open else 0.0
        return ring.position + min(self._frames(lead_s), ring.readable_frames)

    def _continue_feed(self, feed: _Feed, cue: Cue, frame: int, rate_ratio: float | None = None) -> _Feed:
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
            return self._create_feed(cue, start, feed.chain.count_in, time_map.until(frame))
        return self._create_feed(cue, start._replace(frame=frame * rate_ratio), feed.chain.count_in)

    def _create_feed(self, cue: Cue, start: Piece, count_in: Sequence[Beat], earlier: TimeMap | None = None) -> _Feed:
        source, rate = cue.source, self._player.sample_rate
        chain = Chain(source, rate, cue.settings, start, count_in, earlier)
        capacity = self._frames(_READ_AHEAD_S) + 2 * _BLOCK_FRAMES
        ring = Ring(capacity, source.lanes + EXTRA_LANES, round(start.frame), seek_number=cue.seek_number)
        return _Feed(ring, chain, source, self._on_time_map)

    def _request(self, feed: _Feed) -> None:
        """Let the callback switch to `feed` once it holds enough frames."""
        current = self._current_feed
        if self._next_feed:
            self._next_feed.chain.close()
        self._next_feed = feed
        if current and current.ring is self._player.current_ring and current.ring.seek_number == feed.ring.seek_number:
            self._catch_up(feed, current)
        else:
            # A device takes as much as its buffer holds at once.
            feed.fill(self._frames(_PREROLL_S + self._player.device_latency))
        self._player.requested_ring = feed.ring

    def _catch_up(self, feed: _Feed, playing: _Feed) -> None:
        """Read past the position of the ring that plays meanwhile."""
        preroll_s = _CHANGE_PREROLL_S if feed.source is playing.source else _SWITCH_PREROLL_S
        before = -1
        while before < feed.ring.written_end:
            before = feed.ring.written_end
            feed.ring.skip_to(playing.ring.position)
            feed.fill(self._frames(preroll_s))

    def _plan_trainer_step(self) -> None:
        """Create the feed of the trainer's next speed shortly before the round in which it begins."""
        feed, cue = self._current_feed, self._active_cue
        if not (feed and cue) or self._next_feed or feed.ring.seek_number != cue.seek_number:
            return
        position = feed.ring.position
        frame = feed.chain.speed_change_after(position + self._frames(_MIN_LEAD_S))
        if frame is not None and frame < position + self._frames(_STEP_NOTICE_S):
            self._request(self._continue_feed(feed, cue, frame))

    def _frames(self, seconds: float) -> int:
        return int(seconds * self._player.sample_rate)

    def _read_ahead(self) -> None:
        self._release_replaced_feed()
        starved: list[_Feed] = []
        while not (self._has_startable_cue() or self._is_closing) and (feed := self._emptiest_feed(starved)):
            if not feed.read_block():
                starved.append(feed)
            self._release_replaced_feed()
        self._plan_trainer_step()
        ring = self._player.current_ring
        self._player.status.is_buffering = (
            self._player.is_gate_open and ring is not None and not ring.readable_frames and not ring.is_finished
        )

    def _emptiest_feed(self, excluded: Sequence[_Feed]) -> _Feed | None:
        """Return the feed that has to read on first: the heard one must not run dry before the next one takes over."""
        feeds = [
            feed
            for feed in (self._current_feed, self._next_feed)
            if feed and feed not in excluded and feed.needs(self._frames(_READ_AHEAD_S))
        ]
        return min(feeds, key=lambda feed: feed.ring.readable_frames, default=None)

    def _release_replaced_feed(self) -> None:
        """Close the previous stream once the callback has switched to the next ring."""
        if self._next_feed and self._player.current_ring is self._next_feed.ring:
            if self._current_feed:
                self._current_feed.chain.close()
            self._current_feed, self._next_feed = self._next_feed, None

    def _check_end(self) -> None:
        ring = self._player.current_ring
        # A cue is written before the gate is opened: once the gate is open, the cue that it was opened for is known.
        if (
            ring
            and ring.is_finished
            and self._player.is_gate_open
            and self._active_cue is self.cue
            and not self._next_feed
        ):
            self._on_ended(ring.seek_number)

    def _log_dropouts(self, is_forced: bool = False) -> None:
        """Log dropouts at intervals, because the callback itself must not log."""
        player = self._player
        count, now = player.underflows + player.late_reads, monotonic()
        if count > self._logged_dropouts and (is_forced or now >= self._next_log_at):
            _log.warning("Sound dropped out: %d device underflows, %d late reads", player.underflows, player.late_reads)
            self._logged_dropouts, self._next_log_at = count, now + _LOG_INTERVAL_S
