"""Play, pause, seek: what a hand does to a song. All methods are for one thread, the window's.

What computes with sound is imported when there is a song: the window comes up a tenth of a second sooner.
"""

from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.errors import SoundUnavailableError, StorageError
    from desktop.playback.player import Player
    from desktop.playback.reader import Cue, Reader
    from desktop.playback.song import Song


class Transport:
    """One song at a time. Without a sound device everything works but playing."""

    def __init__(self) -> None:
        self.on_ended: Callable[[], None] | None = None
        """Called from another thread when the song has been played to its end."""
        self.on_trouble: Callable[[str], None] | None = None
        """Called from another thread with a sentence when playing breaks off."""
        self._stems: Song | None = None
        self._names: tuple[str, ...] = ()
        self._player: Player | None = None
        self._reader: Reader | None = None
        self._place = 0
        self._seeks = 0
        self._gains: list[float] = []
        self._mutes: list[bool] = []
        self._solos: list[bool] = []
        self._master = 0.0

    def load(self, paths: Sequence[Path], names: Sequence[str]) -> None:
        """Take a song's stems, all of one rate and length; it stands at its beginning. Raises StorageError."""
        from desktop.playback.stems import StemFiles

        self.take(StemFiles(paths), names)

    def take(self, song: "Song", names: Sequence[str]) -> None:
        """Take a song with a name for each of its lanes; it stands at its beginning."""
        self.unload()
        self._stems = song
        self._names = tuple(names)
        self._gains = [0.0] * len(names)
        self._mutes = [False] * len(names)
        self._solos = [False] * len(names)

    def go_on_with(self, song: "Song") -> None:
        """Take another source of the same lanes, at the same place, mixed as before, and without a pause."""
        if self._stems is None or song.lanes != len(self._names):
            raise ValueError("not the same song")
        place = round(self.position * song.sample_rate / self._stems.sample_rate)
        self._stems = song
        if self.playing:
            self._place = place
            self._give_cue()
        else:
            self.seek(place)

    def unload(self) -> None:
        """Let go of the song and of the device."""
        self._close_sound()
        self._stems = None
        self._names = ()
        self._place = 0

    def close(self) -> None:
        """Let go of everything."""
        self.unload()

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the stems."""
        return self._names

    @property
    def frames(self) -> int:
        """Length of the song."""
        return self._stems.frames if self._stems else 0

    @property
    def sample_rate(self) -> int:
        """Of the song, in Hz."""
        return self._stems.sample_rate if self._stems else 44100

    @property
    def playing(self) -> bool:
        """True from `play` to `pause`, or to the song's end."""
        player = self._player
        return player is not None and player.gate

    @property
    def waiting(self) -> bool:
        """True while playing has come to a part that is not there yet; it goes on by itself."""
        reader = self._reader
        return self.playing and reader is not None and reader.waiting

    @property
    def position(self) -> int:
        """The frame that is heard now."""
        player, stems = self._player, self._stems
        if not (player and stems and self.playing):
            return self._place
        asked, number, mixed = player.heard
        if number != self._seeks:
            return self._place
        late = player.latency - (monotonic() - asked)
        heard = (mixed - late * player.sample_rate) * stems.sample_rate / player.sample_rate
        # Never back, and never ahead of what was mixed.
        ahead = mixed * stems.sample_rate / player.sample_rate
        self._place = int(max(self._place, min(heard, ahead, stems.frames)))
        return self._place

    def play(self) -> None:
        """Go on from the playhead; from the beginning when it is at the end. `on_trouble` tells what stands in the way."""
        if self._stems is None or self.playing:
            return
        if self._place >= self._stems.frames:
            self.seek(0)
        player, reader = self._sound(self._stems)
        player.gate = True
        reader.look()

    def pause(self) -> None:
        """Fall silent and stay where it is."""
        if self._player and self.playing:
            place = self.position
            self._player.gate = False
            self.seek(place)

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Pause at the beginning."""
        self.pause()
        self.seek(0)

    def seek(self, frame: int) -> None:
        """Go to a frame of the song."""
        self._place = max(0, min(frame, self.frames))
        self._seeks += 1
        self._give_cue()

    def gain_db(self, lane: int) -> float:
        """Level of a lane."""
        return self._gains[lane]

    def set_gain_db(self, lane: int, db: float) -> None:
        """Set the level of a lane; -60 is silence."""
        self._gains[lane] = db
        self._set_levels()

    def muted(self, lane: int) -> bool:
        """True while a lane is muted."""
        return self._mutes[lane]

    def set_mute(self, lane: int, mute: bool) -> None:
        """Silence a lane, or not."""
        self._mutes[lane] = mute
        self._set_levels()

    def soloed(self, lane: int) -> bool:
        """True while a lane is played alone, or with other soloed ones."""
        return self._solos[lane]

    def set_solo(self, lane: int, solo: bool) -> None:
        """Play only soloed lanes, while there are any."""
        self._solos[lane] = solo
        self._set_levels()

    def audible(self, lane: int) -> bool:
        """False for a muted lane, and for one beside soloed ones."""
        return not self._mutes[lane] and (self._solos[lane] or not any(self._solos))

    @property
    def master_db(self) -> float:
        """Level of everything together."""
        return self._master

    def set_master_db(self, db: float) -> None:
        """Set the level of everything together; -60 is silence."""
        self._master = db
        self._set_levels()

    def levels(self) -> tuple[float, ...]:
        """Loudest sample of each lane since the last call, after its fader."""
        if not self._player:
            return (0.0,) * len(self._names)
        peaks = tuple(float(peak) for peak in self._player.mixer.peaks)
        self._player.mixer.peaks[:] = 0.0
        return peaks

    def _set_levels(self) -> None:
        if self._player:
            levels = [db if self.audible(lane) else -inf for lane, db in enumerate(self._gains)]
            self._player.set_levels(self._master, levels)

    def _cue(self, song: "Song") -> "Cue":
        from desktop.playback.reader import Cue

        return Cue(song, self._place, self._seeks)

    def _give_cue(self) -> None:
        if self._reader and self._stems:
            self._reader.cue = self._cue(self._stems)
            self._reader.look()

    def _sound(self, song: "Song") -> "tuple[Player, Reader]":
        if self._player is None or self._reader is None or self._reader.ended:
            from desktop.playback.player import Player
            from desktop.playback.reader import Reader

            self._player = Player(len(self._names))
            self._set_levels()
            self._reader = Reader(self._player, self._cue(song), self._ended, self._broke_off)
        return self._player, self._reader

    def _close_sound(self) -> None:
        if self._player:
            self._player.gate = False
        if self._reader:
            self._reader.close()
        self._reader = self._player = None

    def _ended(self) -> None:
        self._place = self.frames
        if self._player:
            self._player.gate = False
        if self.on_ended:
            self.on_ended()

    def _broke_off(self, error: "SoundUnavailableError | StorageError") -> None:
        if self.on_trouble:
            self.on_trouble(str(error))
