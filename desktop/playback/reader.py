"""The sound's thread: it opens the device, and reads ahead of the playhead, so that the callback never meets a disk."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from desktop.errors import SoundUnavailableError, StorageError
from desktop.playback.device import Device
from desktop.playback.player import Player
from desktop.playback.ring import Ring
from desktop.playback.song import AtRate, Reading, Song

# Seconds read ahead, before a seek is heard, and between looks; a look costs some microseconds.
_AHEAD = 2.0
_FIRST = 0.15
# Read before another source of the same song takes over: it plays on meanwhile.
_JOIN = 0.5
_LOOK = 0.02
# Seconds of pause after which the device is given back.
_REST_AFTER = 3.0
# Seconds between two words in the log about sound that dropped out.
_REPORT_EVERY = 10.0
# Seconds that `close` waits for a sound server that does not answer.
_PATIENCE = 2.0
_BLOCK = 8192
_LOST = "The sound device was lost. Connect one, then press play again."
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cue:
    """What shall be heard: a song from a frame on. `number` names the seek, and stays when only the source changes."""

    song: Song
    frame: int
    number: int


@dataclass(frozen=True)
class _Feed:
    """A ring, and the reading that fills it."""

    ring: Ring
    source: Reading

    def fill(self, frames: int) -> None:
        """Have `frames` frames ready, as far as the source has them. Raises StorageError."""
        while self.ring.ready < frames and self.ring.room > 0:
            sound = self.source.read(min(_BLOCK, self.ring.room))
            self.ring.waits = not len(sound)
            if self.ring.waits:
                return
            self.ring.write(sound)


class Reader:
    """Keeps a player fed from the latest cue on, and its device open while its gate is. It ends with its first error."""

    def __init__(
        self,
        player: Player,
        cue: Cue,
        on_ended: Callable[[], None],
        on_trouble: Callable[[SoundUnavailableError | StorageError], None],
    ) -> None:
        """Start the thread. `on_ended` and `on_trouble` are called in it."""
        self.cue = cue
        """Written by the window, and read here: no cue waits behind another."""
        self.waiting = False
        """True while the sound has stopped because what follows is not there yet."""
        self._player = player
        self._on_ended = on_ended
        self._on_trouble = on_trouble
        self._device: Device | None = None
        self._begun: Cue | None = None
        self._heard: _Feed | None = None
        self._following: _Feed | None = None
        self._lost = self._closing = False
        self.ended = False
        """True after an error, and after `close`: then it plays nothing more."""
        self._reported, self._report_at = 0, 0.0
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Notice another cue, or that the player's gate was opened."""
        self._wake.set()

    def close(self) -> None:
        """End the thread, and give the device back."""
        self._closing = True
        self._wake.set()
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            _log.warning("The sound device does not answer, and is left alone")

    def _run(self) -> None:
        try:
            while not self._closing:
                self._step()
        except (SoundUnavailableError, StorageError) as error:
            self._end()
            self._on_trouble(error)
        finally:
            self._end()
            self._close_device()

    def _end(self) -> None:
        self.ended, self._player.gate = True, False

    def _step(self) -> None:
        self._sleep()
        if self._lost and not self._player.gate:
            self._close_device()
        if self._lost:
            raise SoundUnavailableError(_LOST)
        if self._player.gate and not self._device:
            self._open_device()
        if self._device and self._begun is not self.cue:
            self._begin(self.cue)
        self._read_ahead()
        self._look_for_the_end()
        self._report()

    def _sleep(self) -> None:
        """Wait for the next look; while the song stands, until something is asked for."""
        if not self._wake.wait(_LOOK if self._player.gate else _REST_AFTER) and not self._player.gate:
            self._close_device()
            self._wake.wait()
        self._wake.clear()

    def _open_device(self) -> None:
        cue = self.cue
        self._device = Device(cue.song.sample_rate, self._player.fill, self._on_lost)
        self._player.begin(self._device.sample_rate, self._device.latency)
        self._begin(cue)
        self._device.start()

    def _close_device(self) -> None:
        device, self._device = self._device, None
        if device:
            device.close()
            self._report(at_once=True)
        for feed in (self._heard, self._following):
            if feed:
                feed.source.close()
        self._heard = self._following = self._begun = None
        self._lost = False

    def _on_lost(self) -> None:
        self._lost = True
        self._wake.set()

    def _begin(self, cue: Cue) -> None:
        """Read the song of a cue: from its frame on, or from where the same seek is heard."""
        self._settle()
        newest = self._following or self._heard
        playing = newest.ring if newest and self._begun and self._begun.number == cue.number else None
        if self._following:
            self._following.source.close()
        feed = self._following = self._feed(cue, playing)
        self._begun = cue
        feed.fill(int(_FIRST * self._player.sample_rate))
        if playing and playing is self._player.ring:
            self._catch_up(feed, playing)
        self._player.wanted = feed.ring

    def _feed(self, cue: Cue, playing: Ring | None) -> _Feed:
        song, rate = cue.song, self._player.sample_rate
        frame = min(song.frames, round(playing.position * song.sample_rate / rate)) if playing else cue.frame
        source = song.reading(frame)
        if rate != song.sample_rate:
            source = AtRate(source, song.lanes, song.sample_rate, rate)
        start, end = (round(place * rate / song.sample_rate) for place in (frame, song.frames))
        return _Feed(Ring(int(_AHEAD * rate) + 2 * _BLOCK, song.lanes, start, end, cue.number), source)

    def _catch_up(self, feed: _Feed, playing: Ring) -> None:
        """Read past what plays on meanwhile."""
        before = -1
        while before < feed.ring.position + feed.ring.ready:
            before = feed.ring.position + feed.ring.ready
            feed.ring.skip_to(playing.position)
            feed.fill(int(_JOIN * self._player.sample_rate))

    def _read_ahead(self) -> None:
        self._settle()
        # What is heard until the other takes over must not run dry before.
        for feed in (self._heard, self._following):
            if feed:
                feed.fill(int(_AHEAD * self._player.sample_rate))
        ring = self._player.ring
        self.waiting = self._player.gate and ring is not None and not ring.ready and not ring.finished

    def _settle(self) -> None:
        """Let go of what was heard once the callback has gone over to what follows."""
        if self._following and self._player.ring is self._following.ring:
            if self._heard:
                self._heard.source.close()
            self._heard, self._following = self._following, None

    def _look_for_the_end(self) -> None:
        ring = self._player.ring
        # A cue is written before the gate is opened: once it is open, the cue that it was opened for is known.
        if ring and ring.finished and self._player.gate and self._begun is self.cue and not self._following:
            self._on_ended()

    def _report(self, at_once: bool = False) -> None:
        """Log sound that dropped out, now and then: the callback itself must not."""
        player = self._player
        count, now = player.underflows + player.gaps, monotonic()
        if count > self._reported and (at_once or now >= self._report_at):
            _log.warning("Sound dropped out: %d device underflows, %d late reads", player.underflows, player.gaps)
            self._reported, self._report_at = count, now + _REPORT_EVERY
