"""The thread that reads ahead of the playhead, so that the callback never meets a disk."""

import threading
from collections.abc import Callable

from desktop.errors import SoundUnavailableError, StorageError
from desktop.playback.player import Player
from desktop.playback.ring import Ring
from desktop.playback.song import AtRate, Reading, Song

# Seconds read ahead, before a seek is heard, and between looks; a look costs some microseconds.
_AHEAD = 2.0
_FIRST = 0.15
# Read before another source of the same song takes over: it plays on meanwhile.
_JOIN = 0.5
_LOOK = 0.02
# Seconds of pause after which the device is let alone.
_REST_AFTER = 3.0
_BLOCK = 8192


class Reader:
    """Keeps the player's ring filled, from wherever it is told to."""

    def __init__(
        self,
        player: Player,
        on_ended: Callable[[], None],
        on_trouble: Callable[[SoundUnavailableError | StorageError], None],
    ) -> None:
        self.waiting = False
        """True while the sound has stopped because what follows is not there yet."""
        self._player = player
        self._on_ended = on_ended
        self._on_trouble = on_trouble
        self._wanted: tuple[Song, int | None, int] | None = None
        self._wake = threading.Event()
        self._closing = False
        self._source: Reading | None = None
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._thread.start()

    def go_to(self, song: Song, frame: int, number: int) -> None:
        """Read from a frame of a song on; the ring will bear `number`."""
        self._wanted = (song, frame, number)
        self._wake.set()

    def go_on_with(self, song: Song, number: int) -> None:
        """Read another source of the same song, from where it is heard on."""
        self._wanted = (song, None, number)
        self._wake.set()

    def look(self) -> None:
        """Notice that the player's gate was opened."""
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing:
                self._step()
        except StorageError as error:
            self._on_trouble(error)
        finally:
            if self._source:
                self._source.close()

    def _step(self) -> None:
        # Nothing moves while the song stands: sleep until something is asked for.
        if not self._wake.wait(_LOOK if self._player.gate else _REST_AFTER) and not self._player.gate:
            self._player.rest()
            self._wake.wait()
        self._wake.clear()
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._begin(*wanted)
        ring = self._player.next_ring or self._player.ring
        if ring is None:
            return
        self._fill(ring, int(_AHEAD * self._player.sample_rate))
        self.waiting = not ring.ready and not ring.finished and self._player.gate
        if ring is self._player.ring and ring.finished and self._player.gate:
            self._player.gate = False
            self._on_ended()

    def _begin(self, song: Song, frame: int | None, number: int) -> None:
        """Read from a frame on; None: from where the ring that plays has got to."""
        if self._source:
            self._source.close()
        rate, playing = self._player.sample_rate, self._player.next_ring or self._player.ring
        joins = frame is None and playing is not None
        if frame is None:
            frame = min(song.frames, round(playing.position * song.sample_rate / rate)) if playing else 0
        self._source = song.reading(frame)
        if rate != song.sample_rate:
            self._source = AtRate(self._source, song.lanes, song.sample_rate, rate)
        start, end = (round(place * rate / song.sample_rate) for place in (frame, song.frames))
        ring = Ring(int(_AHEAD * rate) + 2 * _BLOCK, song.lanes, start, end, number)
        ring.joins = joins
        self._fill(ring, int(_FIRST * rate))
        if joins and playing is not None:
            self._fill_past(ring, playing, int(_JOIN * rate))
        self._player.next_ring = ring

    def _fill_past(self, ring: Ring, playing: Ring, frames: int) -> None:
        """The song plays on meanwhile: what it passes will be left out, and `frames` shall be there after that."""
        before = -1
        while before < ring.ready < playing.position - ring.position + frames:
            before = ring.ready
            self._fill(ring, before + _BLOCK)

    def _fill(self, ring: Ring, frames: int) -> None:
        while self._source and ring.ready < frames and ring.room > 0:
            sound = self._source.read(_BLOCK)
            if not len(sound):
                return
            ring.write(sound[: ring.room])
