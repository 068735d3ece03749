"""Reader thread: opens the device and reads ahead of the playhead, so that the callback never waits for a disk."""

import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from desktop.errors import SoundUnavailableError, StorageError, StretchUnavailableError, UnbraidError
from desktop.playback.adaptive_latency import AdaptiveLatency
from desktop.playback.cue import Cue
from desktop.playback.feeds import Feed, Feeds
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.playback.player_output import PlayerOutput
from desktop.playback.ring import Ring
from desktop.text.message import Message

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
_log = logging.getLogger(__name__)


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
        self._predecessor = predecessor
        self._output = PlayerOutput(player, lane_names, output or OutputSettings(), self.wake, on_notice, latency)
        self._feeds = Feeds(player, on_time_map)
        self._is_closing = False
        self.has_ended = False
        """True after an error or `close`: the reader plays nothing more."""
        self._logged_dropouts, self._next_log_at = 0, 0.0
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    @property
    def has_started_cue(self) -> bool:
        """Whether the latest cue is read."""
        return self._feeds.is_active(self.cue)

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
        if self._output.is_open and self._feeds.can_start(self.cue):
            self._feeds.start(self.cue)
        self._read_ahead()
        self._check_end()
        self._log_dropouts()

    def _wait_for_work(self) -> None:
        """Wait for the next poll; during a pause, wait for `wake`, and release the device after a while."""
        if not self._player.is_gate_open:
            timeout_s = _RELEASE_FALLBACK_AFTER_S if self._output.is_fallback else _RELEASE_DEVICE_AFTER_S
        else:
            timeout_s = _POLL_INTERVAL_S if self.has_started_cue else _SHORT_POLL_INTERVAL_S
        if not self._wake_event.wait(timeout_s) and not self._player.is_gate_open:
            self._close_device()
            self._wake_event.wait()
        self._wake_event.clear()

    def _open_device(self, resumed: tuple[Feed, int] | None = None) -> None:
        """Open the device and start the latest cue, or go on from a frame of a feed that another device played."""
        cue, earlier_rate = self.cue, self._player.sample_rate
        self._output.open(cue.source.sample_rate)
        if resumed:
            feed, frame = resumed
            self._feeds.resume(feed, frame, cue, self._player.sample_rate / earlier_rate)
        else:
            self._feeds.start(cue)
        self._output.start()

    def _replace_device(self) -> None:
        """Close the device that was lost or is not wanted any more; if the song plays, go on where it was heard."""
        is_playing, resumed = self._player.is_gate_open, self._feeds.heard(self.cue.seek_number)
        self._close_device(is_replaced=is_playing)
        if is_playing:
            self._open_device(resumed)

    def _close_device(self, is_replaced: bool = False) -> None:
        if self._output.is_open:
            self._output.close(is_replaced)
            self._log_dropouts(is_forced=True)
        self._feeds.close()

    def _read_ahead(self) -> None:
        self._feeds.read_ahead(lambda: self._is_closing or self._feeds.can_start(self.cue))
        ring = self._player.current_ring
        self._player.status.is_buffering = (
            self._player.is_gate_open and ring is not None and not ring.readable_frames and not ring.is_finished
        )

    def _check_end(self) -> None:
        # A cue is written before the gate is opened: once the gate is open, the cue that it was opened for is known.
        if self._player.is_gate_open and self._feeds.has_ended(cue := self.cue):
            self._on_ended(cue.seek_number)

    def _log_dropouts(self, is_forced: bool = False) -> None:
        """Log dropouts at intervals, because the callback itself must not log."""
        player = self._player
        count, now = player.underflows + player.late_reads, monotonic()
        if count > self._logged_dropouts and (is_forced or now >= self._next_log_at):
            _log.warning("Sound dropped out: %d device underflows, %d late reads", player.underflows, player.late_reads)
            self._logged_dropouts, self._next_log_at = count, now + _LOG_INTERVAL_S
