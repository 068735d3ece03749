"""Reader thread: opens the device and reads ahead of the playhead, so that the callback never waits for a disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from desktop.errors import SoundUnavailableError, StorageError
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.playback.player_output import PlayerOutput
from desktop.playback.ring import Ring
from desktop.playback.source import PlaybackSource, ResampledStream, SampleStream

# Seconds read ahead of the playhead.
_READ_AHEAD_S = 2.0
# Seconds read before a seek becomes audible.
_PREROLL_S = 0.15
# Seconds read before another source of the same track takes over; the old source plays meanwhile.
_SWITCH_PREROLL_S = 0.5
# Seconds between polls; one poll costs some microseconds.
_POLL_INTERVAL_S = 0.02
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
class Cue:
    """Playback request: a source from a frame on.

    `seek_number` identifies the seek, and stays the same if only the source changes.
    """

    source: PlaybackSource
    frame: int
    seek_number: int


@dataclass(frozen=True)
class _Feed:
    """Ring and the stream that fills it."""

    ring: Ring
    stream: SampleStream

    def fill(self, frames: int) -> None:
        """Read until the ring holds `frames` frames or the source has no more for now. Raises StorageError."""
        while self.ring.readable_frames < frames and self.ring.writable_frames > 0:
            sound = self.stream.read(min(_BLOCK_FRAMES, self.ring.writable_frames))
            self.ring.is_starved = not len(sound)
            if self.ring.is_starved:
                return
            self.ring.write(sound)


class Reader:
    """Thread that feeds a player from the latest cue and keeps the device open while the player's gate is open.

    The thread ends at its first error.
    """

    def __init__(
        self,
        player: Player,
        cue: Cue,
        on_ended: Callable[[int], None],
        on_error: Callable[[SoundUnavailableError | StorageError], None],
        predecessor: "Reader | None" = None,
        output: OutputSettings | None = None,
        lane_names: Sequence[str] = (),
        on_notice: Callable[[str], None] = lambda message: None,
    ) -> None:
        """Start the thread, which first waits until `predecessor`, closed or failed, has released the device.

        It calls `on_ended` with the number of the seek that was played to the track's end, and `on_error`.
        """
        self._wake_event = threading.Event()
        self.cue = cue
        """Latest cue, written by the window and read by the thread; cues are not queued."""
        self.is_buffering = False
        """True while playback waits because the next frames do not exist yet."""
        self._player = player
        self._on_ended = on_ended
        self._on_error = on_error
        self._predecessor = predecessor
        self._output = PlayerOutput(player, lane_names, output or OutputSettings(), self.wake, on_notice)
        self._active_cue: Cue | None = None
        self._current_feed: _Feed | None = None
        self._next_feed: _Feed | None = None
        self._resumed_cue: Cue | None = None
        self._is_closing = False
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
        except (SoundUnavailableError, StorageError) as error:
            self._stop_playing()
            if not self._is_closing:
                self._on_error(error)
        finally:
            self._stop_playing()
            self._close_device()

    def _stop_playing(self) -> None:
        self.has_ended, self._player.is_gate_open = True, False

    def _run_once(self) -> None:
        self._wait_for_work()
        if self._output.is_stale:
            self._replace_device()
        if self._player.is_gate_open and not self._output.is_open:
            self._open_device(self.cue)
        if self._output.is_open and self._active_cue is not self.cue:
            self._start_cue(self.cue)
        self._read_ahead()
        self._check_end()
        self._log_dropouts()

    def _wait_for_work(self) -> None:
        """Wait for the next poll; during a pause, wait for `wake`, and release the device after a while."""
        if (
            not self._wake_event.wait(_POLL_INTERVAL_S if self._player.is_gate_open else self._release_after_s())
            and not self._player.is_gate_open
        ):
            self._close_device()
            self._wake_event.wait()
        self._wake_event.clear()

    def _release_after_s(self) -> float:
        """Return the seconds of pause after which the device is released: soon if the chosen one may come back."""
        return _RELEASE_FALLBACK_AFTER_S if self._output.is_fallback else _RELEASE_DEVICE_AFTER_S

    def _open_device(self, cue: Cue) -> None:
        self._output.open(cue.source.sample_rate)
        self._start_cue(cue)
        self._output.start()

    def _replace_device(self) -> None:
        """Close the device that was lost or is not wanted any more; if the song plays, go on where it was heard."""
        cue, is_playing = self.cue, self._player.is_gate_open
        self._resumed_cue = resumed = replace(cue, frame=self._heard_frame(cue))
        self._close_device(is_replaced=is_playing)
        if is_playing:
            self._open_device(resumed)
            self._active_cue = cue

    def _heard_frame(self, cue: Cue) -> int:
        """Return the frame of the cue's source that is heard, or will be heard first."""
        frame, source, resumed = self._player.heard_frame(cue.seek_number), cue.source, self._resumed_cue
        if frame is not None:
            return min(source.frames, round(frame * source.sample_rate / self._player.sample_rate))
        return resumed.frame if resumed and resumed.seek_number == cue.seek_number else cue.frame

    def _close_device(self, is_replaced: bool = False) -> None:
        if self._output.is_open:
            self._output.close(is_replaced)
            self._log_dropouts(is_forced=True)
        for feed in (self._current_feed, self._next_feed):
            if feed:
                feed.stream.close()
        self._current_feed = self._next_feed = self._active_cue = None

    def _start_cue(self, cue: Cue) -> None:
        """Read a cue's source from the cue's frame on, or from the current position if the same seek is heard."""
        self._release_replaced_feed()
        newest_feed = self._next_feed or self._current_feed
        playing_ring = (
            newest_feed.ring
            if newest_feed and self._active_cue and self._active_cue.seek_number == cue.seek_number
            else None
        )
        if self._next_feed:
            self._next_feed.stream.close()
        feed = self._next_feed = self._create_feed(cue, playing_ring)
        self._active_cue = cue
        feed.fill(int(_PREROLL_S * self._player.sample_rate))
        if playing_ring and playing_ring is self._player.current_ring:
            self._catch_up(feed, playing_ring)
        self._player.requested_ring = feed.ring

    def _create_feed(self, cue: Cue, playing_ring: Ring | None) -> _Feed:
        source, rate = cue.source, self._player.sample_rate
        frame = (
            min(source.frames, round(playing_ring.position * source.sample_rate / rate)) if playing_ring else cue.frame
        )
        stream = source.open_stream(frame)
        if rate != source.sample_rate:
            stream = ResampledStream(stream, source.lanes, source.sample_rate, rate)
        start, end = (round(position * rate / source.sample_rate) for position in (frame, source.frames))
        return _Feed(
            Ring(int(_READ_AHEAD_S * rate) + 2 * _BLOCK_FRAMES, source.lanes, start, end, cue.seek_number), stream
        )

    def _catch_up(self, feed: _Feed, playing_ring: Ring) -> None:
        """Read past the position of the ring that plays meanwhile."""
        before = -1
        while before < feed.ring.position + feed.ring.readable_frames:
            before = feed.ring.position + feed.ring.readable_frames
            feed.ring.skip_to(playing_ring.position)
            feed.fill(int(_SWITCH_PREROLL_S * self._player.sample_rate))

    def _read_ahead(self) -> None:
        self._release_replaced_feed()
        # The current ring is heard until the next one takes over, and must not run dry before.
        for feed in (self._current_feed, self._next_feed):
            if feed:
                feed.fill(int(_READ_AHEAD_S * self._player.sample_rate))
        ring = self._player.current_ring
        self.is_buffering = (
            self._player.is_gate_open and ring is not None and not ring.readable_frames and not ring.is_finished
        )

    def _release_replaced_feed(self) -> None:
        """Close the previous stream once the callback has switched to the next ring."""
        if self._next_feed and self._player.current_ring is self._next_feed.ring:
            if self._current_feed:
                self._current_feed.stream.close()
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
