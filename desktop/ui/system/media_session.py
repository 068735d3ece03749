"""The player on the desktop: what plays is shown there, and media keys and the desktop's controls change it."""

import math
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTemporaryDir, QUrl, Signal

from desktop.audio.names import printable
from desktop.jobs.model import Job
from desktop.paths import Home
from desktop.playback.mix import MIN_DB, db_to_gain
from desktop.ui.core.actions import ActionId
from desktop.ui.core.background import BackgroundRunner
from desktop.ui.pages.library.covers import read_cover
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.system.mpris import MediaRequest, MediaState, MprisService, track_path

_COVER_SIDE_PX = 256
_SEEK_THRESHOLD_S = 1.0
"""Seconds that the playhead moves at once: less is playback."""
_MICROSECOND = 1e-6


class MediaSession(QObject):
    """Offers the loaded track to the desktop while `is_enabled` returns True. Without such a desktop, it does nothing.

    It begins with the first track that is loaded: before, another program shall get the media keys.
    """

    action_requested = Signal(object)
    """ActionId of a request that the window's own actions carry out."""
    show_requested = Signal()
    """The user wants to see the window."""
    quit_requested = Signal()
    _request_received = Signal(object)

    def __init__(
        self,
        player: PlayerController,
        shown_job: Callable[[], Job | None],
        home: Home,
        is_enabled: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """`shown_job` returns the job that is in the player."""
        super().__init__(parent)
        self._player = player
        self._shown_job = shown_job
        self._home = home
        self._is_enabled = is_enabled
        self._service: MprisService | None = None
        self._state = MediaState()
        self._position_s = 0.0
        self._cover_folder: QTemporaryDir | None = None
        self._cover_job_id = ""
        self._cover_url = ""
        self._background = BackgroundRunner("cover", self)
        self._request_received.connect(self._carry_out, Qt.ConnectionType.QueuedConnection)
        for signal in (
            player.loaded_changed,
            player.playing_changed,
            player.mix.master_changed,
            player.practice.changed,
        ):
            signal.connect(self.refresh)
        player.position_changed.connect(self._follow_position)

    def refresh(self) -> None:
        """Show what is in the player now, or end the service if it is disabled."""
        if sys.platform != "linux" or not self._is_enabled():
            self._stop()
            return
        if self._service is None:
            if not self._player.is_ready:
                return
            self._service = MprisService(self._request_received.emit)
        self._load_cover()
        state = self._current_state()
        if state != self._state:
            self._state = state
            self._service.update(state)
        self._follow_position()

    def close(self) -> None:
        """Leave the desktop, and wait for the threads."""
        self._stop()
        self._background.close()

    def _stop(self) -> None:
        if self._service is not None:
            self._service.close()
            self._service, self._state = None, MediaState()

    def _current_state(self) -> MediaState:
        player, job = self._player, self._shown_job()
        if job is None or not player.is_ready:
            return MediaState(volume=db_to_gain(player.mix.master_db))
        state = player.practice.state
        return MediaState(
            track_id=job.id,
            title=printable(job.title),
            artist=printable(job.artist),
            album=printable(job.album),
            art_url=self._cover_url,
            length_s=player.duration,
            is_playing=player.is_playing,
            is_looping=state.is_looping,
            rate=state.speed_percent / 100,
            volume=db_to_gain(player.mix.master_db),
        )

    def _follow_position(self) -> None:
        if self._service is None:
            return
        before, self._position_s = self._position_s, self._player.position_seconds
        self._service.position_s = self._position_s
        moved_s = self._position_s - before
        is_playback = self._player.is_playing and 0 <= moved_s < _SEEK_THRESHOLD_S
        if moved_s and not is_playback:
            self._service.report_seek()

    def _carry_out(self, request: MediaRequest) -> None:
        player, practice = self._player, self._player.practice
        match request:
            case MediaRequest("Raise"):
                self.show_requested.emit()
            case MediaRequest("Quit"):
                self.quit_requested.emit()
            case _ if not player.is_ready:
                return
            case MediaRequest("PlayPause"):
                self.action_requested.emit(ActionId.PLAY_OR_PAUSE)
            case MediaRequest("Play" | "Pause" as name):
                if player.is_playing == (name == "Pause"):
                    self.action_requested.emit(ActionId.PLAY_OR_PAUSE)
            case MediaRequest("Stop"):
                self.action_requested.emit(ActionId.STOP)
            case MediaRequest("Next"):
                self.action_requested.emit(ActionId.NEXT_SONG)
            case MediaRequest("Previous"):
                self.action_requested.emit(ActionId.PREVIOUS_SONG)
            case MediaRequest("Seek", (offset,)):
                player.seek_by(offset * _MICROSECOND)
            case MediaRequest("SetPosition", (track, position)):
                # The specification has both ignored: a position in another track, and one outside of it.
                if track == track_path(self._state.track_id) and 0 <= position * _MICROSECOND <= player.duration:
                    player.seek_to_seconds(position * _MICROSECOND)
            case MediaRequest("Volume", (gain,)):
                player.mix.set_master_db(20 * math.log10(gain) if gain > 0 else MIN_DB)
            case MediaRequest("Rate", (rate,)) if rate > 0:
                practice.set_speed_percent(100 * rate)
            case MediaRequest("LoopStatus", (status,)):
                practice.set_looping(status != "None" and practice.state.loop is not None)
            case _:
                return

    def _load_cover(self) -> None:
        job = self._shown_job()
        job_id = job.id if job else ""
        if job_id == self._cover_job_id:
            return
        self._cover_job_id, self._cover_url = job_id, ""
        if job is None:
            return
        folder = self._cover_folder = self._cover_folder or QTemporaryDir()
        source, target = self._home.job_folder(job.id).cover, Path(folder.path()) / f"{job.id}.png"
        self._background.run(lambda: _write_cover(source, target), lambda url: self._show_cover(job_id, url))

    def _show_cover(self, job_id: str, url: str) -> None:
        if job_id == self._cover_job_id and url:
            self._cover_url = url
            self.refresh()


def _write_cover(source: Path, target: Path) -> str:
    """Write the cover as a PNG, and return its URL; an empty one if there is none.

    The desktop gets no picture from a track's tags as it is: only the probe reads those.
    """
    image = read_cover(source, _COVER_SIDE_PX)
    return QUrl.fromLocalFile(str(target)).toString() if not image.isNull() and image.save(str(target)) else ""
