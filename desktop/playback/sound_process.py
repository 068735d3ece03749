"""Sound engine in a process of its own, so that neither painting nor garbage of the window delays the audio callback."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

from desktop.errors import SoundUnavailableError, UnbraidError
from desktop.playback.engine import Gains, HeardFrame
from desktop.playback.levels import Dropouts, Levels
from desktop.playback.message_pipe import Call, read_calls, write_calls
from desktop.playback.output_settings import OutputSettings
from desktop.playback.shared_memory import create_shared_memory
from desktop.playback.time_map import TimeMap
from desktop.runtime.child_stderr import StderrTail
from desktop.runtime.crash_handler import process_crash_handler
from desktop.runtime.processes import (
    PopenOptions,
    assign_to_job_object,
    environment_without_library,
    new_session_options,
    own_command,
)
from desktop.runtime.stall_timer import StallTimer
from desktop.text.message import Message

if TYPE_CHECKING:
    from desktop.playback.cue import Cue

_STOPPED = Message("The sound stopped unexpectedly. Press play again.")
# A process that ends within so many seconds after another one ended is not replaced until the user plays again.
_MIN_LIFE_S = 5.0
# Seconds without a sign of the audio callback, while a song plays, after which the process is ended: it hangs, or its
# sound server does. A device that is slow to open takes less.
_MAX_SILENCE_S = 10.0
# Seconds for which `close` waits: the reader's thread waits two for a sound server that does not respond.
_CLOSE_TIMEOUT_S = 4.0
_log = logging.getLogger(__name__)


class SoundProcess:
    """Sound engine in a child process, which is started with the first song, and again if it ended unexpectedly."""

    def __init__(self) -> None:
        self.on_stopped: Callable[[int, UnbraidError | None], None] = lambda seek_number, error: None
        self.on_notice: Callable[[Message], None] = lambda message: None
        self._lock = threading.RLock()
        """Guards the child and what it was told last; threads of the child take it as well."""
        self._child: _Child | None = None
        self._child_count = 0
        self._failed_at = -_MIN_LIFE_S
        self._lane_names: tuple[str, ...] | None = None
        self._output = OutputSettings()
        self._gains: Gains | None = None
        self._cue: Cue | None = None
        self._is_playing = self._has_played = False
        self._silence = StallTimer()

    def open_song(self, lane_names: Sequence[str]) -> None:
        """Prepare for a song with these lanes: stems, original, click. The song before is closed."""
        with self._lock:
            self._forget_song()
            self._lane_names = tuple(lane_names)
            self._send("open_song", self._lane_names)

    def close_song(self) -> None:
        """Close the song; the device is released soon after."""
        with self._lock:
            self._forget_song()
            if self._child:
                self._child.send("close_song")

    def close(self) -> None:
        """Close the song and wait until the process has ended."""
        with self._lock:
            self._forget_song()
            child, self._child = self._child, None
        if child:
            child.close()

    def cue(self, cue: "Cue", is_playing: bool) -> None:
        """Play from `cue`, or be ready to if it is paused; only the latest cue counts."""
        with self._lock:
            self._cue, self._is_playing = cue, is_playing
            self._send("cue", cue, is_playing)

    def play(self) -> None:
        """Play the latest cue."""
        with self._lock:
            self._is_playing = self._has_played = True
            self._silence = StallTimer()
            self._send("play")

    def set_gains(self, gains: Gains) -> None:
        """Move to other gains, with ramps if the song plays."""
        with self._lock:
            if gains != self._gains:
                self._gains = gains
                self._send("set_gains", gains)

    def set_output(self, settings: OutputSettings) -> None:
        """Use another output, at once if a device is open."""
        with self._lock:
            self._output = settings
            self._send("set_output", settings)

    def heard(self, seek_number: int) -> HeardFrame | None:
        """Return what is heard now; None before this seek is heard. Called often while a song plays."""
        child = self._child
        if child and self._is_playing:
            self._end_if_silent(child)
        return child.heard(seek_number) if child else None

    def _end_if_silent(self, child: "_Child") -> None:
        """End a process that hangs, so that the user is told; it is not replaced before they play again."""
        if self._silence.seconds_unchanged((child, child.status.position.read().requested_at)) > _MAX_SILENCE_S:
            with self._lock:
                self._silence, self._failed_at = StallTimer(), monotonic()
            _log.warning("The sound process does not respond and is ended")
            child.kill()

    def take_levels(self) -> Levels | None:
        """Return and reset the levels since the last call; None if no song has been played."""
        child = self._child
        if child is None or self._lane_names is None or not self._has_played:
            return None
        return child.status.take_levels(len(self._lane_names))

    @property
    def is_buffering(self) -> bool:
        """Whether playback waits for a part that does not exist yet."""
        child = self._child
        return child is not None and child.status.is_buffering

    @property
    def dropouts(self) -> Dropouts:
        """Interruptions of the sound since the song was opened, or since its process was replaced."""
        child = self._child
        return child.status.dropouts if child and self._has_played else Dropouts()

    @property
    def pid(self) -> int | None:
        """Process id of the child; None if there is none."""
        return self._child.pid if self._child else None

    def _forget_song(self) -> None:
        self._lane_names = self._gains = self._cue = None
        self._is_playing = self._has_played = False

    def _send(self, name: str, *arguments: Any) -> None:
        """Have the child do something, of which its state was noted before: a new child is told all of it."""
        if self._child:
            self._child.send(name, *arguments)
        elif self._lane_names is not None:
            self._start_child(self._lane_names)

    def _start_child(self, lane_names: Sequence[str]) -> None:
        self._child_count += 1
        child = self._child = _Child(self._child_count, self)
        child.send("set_output", self._output)
        child.send("open_song", lane_names)
        if self._gains:
            child.send("set_gains", self._gains)
        if self._cue:
            child.send("cue", self._cue, self._is_playing)

    def handle_stop(self, child: "_Child", seek_number: int, error: UnbraidError | None) -> None:
        """Pass on that the child has played a seek to its end, or that it failed."""
        with self._lock:
            if child is not self._child:
                return
            if self._cue and self._cue.seek_number == seek_number:
                self._is_playing = False
        self.on_stopped(seek_number, error)

    def handle_exit(self, child: "_Child", status: int | None) -> None:
        """Go on where the sound was heard last, in another child; give up if two children end in quick succession."""
        with self._lock:
            if child is not self._child:
                return  # it was closed
            _log.warning("The sound process ended unexpectedly with status %s", status)
            failed_at, self._failed_at = self._failed_at, monotonic()
            self._child = None
            cue = self._cue
            if not (cue and self._is_playing and self._lane_names is not None):
                return
            if self._failed_at - failed_at >= _MIN_LIFE_S:
                self._cue = child.resumed(cue)
                self._start_child(self._lane_names)
                return
            self._is_playing = False
        self.on_stopped(cue.seek_number, SoundUnavailableError(_STOPPED))


class _Child:
    """One process, with the threads that talk to it, and with what it publishes."""

    def __init__(self, number: int, owner: SoundProcess) -> None:
        """Start the process, in a thread; `owner` is told what happens to it."""
        from desktop.playback.status import SoundStatus, status_size

        self._number = number
        self._owner = owner
        self._shared = create_shared_memory(status_size())
        self.status = SoundStatus(memoryview(self._shared.memory))
        self._process: subprocess.Popen[bytes] | None = None
        self._time_maps: dict[int, tuple[int, TimeMap]] = {}
        """First frame and time map of each ring that may be heard, by the ring's number."""
        self._commands: SimpleQueue[Call | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sound commands", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Process id; None until the process was started."""
        return self._process.pid if self._process else None

    def send(self, name: str, *arguments: Any) -> None:
        """Have the method `name` of the child's engine called, without waiting."""
        self._commands.put((name, arguments))

    def close(self) -> None:
        """End the process, and wait until it has released the device."""
        self._commands.put(None)
        self._thread.join(_CLOSE_TIMEOUT_S)
        if self._thread.is_alive() and self._process:
            _log.warning("The sound process did not end and was killed")
            self.kill()
            self._thread.join(_CLOSE_TIMEOUT_S)

    def kill(self) -> None:
        """End the process at once, if it was started."""
        if self._process:
            self._process.kill()

    def heard(self, seek_number: int) -> HeardFrame | None:
        """Return what is heard now; None before this seek is heard."""
        position = self.status.position.read()
        frame, ring = position.heard_frame(seek_number), self._time_maps.get(position.ring_number)
        if frame is None or ring is None:
            return None
        return HeardFrame(frame, ring[0], (self._number, position.device_number), ring[1])

    def resumed(self, cue: "Cue") -> "Cue":
        """Return a cue that goes on where `cue` was heard last, in the same round of the loop; `cue` if it was not heard."""
        heard = self.heard(cue.seek_number)
        piece = heard.time_map.piece_at(heard.frame) if heard else None
        if heard is None or piece is None or piece.is_count_in:
            return cue
        frame = round(heard.time_map.second_at(heard.frame) * cue.source.sample_rate)
        return replace(cue, frame=min(frame, cue.source.frames), count_in=(), rounds=piece.rounds)

    def _run(self) -> None:
        """Start the process and send it commands until it is closed; on Linux it is killed when this thread ends."""
        try:
            process = self._process = self._start()
        except OSError as error:
            _log.warning("The sound process could not be started: %s", error)
            self._owner.handle_exit(self, None)
            return
        finally:
            self._shared.release_descriptors()
        assert process.stdin
        events = threading.Thread(target=self._receive_events, args=(process,), name="sound events", daemon=True)
        events.start()
        write_calls(self._commands, process.stdin)
        with suppress(OSError):  # it has ended before
            process.stdin.close()
        events.join()

    def _start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            own_command("sound", self._shared.handle), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment_without_library(), pass_fds=self._shared.descriptors,
            **_priority_options(),
        )  # fmt: skip
        assign_to_job_object(process)
        return process

    def _receive_events(self, process: "subprocess.Popen[bytes]") -> None:
        """Handle the events of the process, and then its end."""
        assert process.stdout
        assert process.stderr
        stderr = StderrTail(process.stderr, "sound")
        with process.stdout:
            for name, arguments in read_calls(process.stdout):
                self._handle_event(name, arguments)
        status = process.wait()
        stderr.finish()
        if stderr.has_crash_report:
            process_crash_handler.record_child_crash("sound", stderr.text)
        self._commands.put(None)
        self._owner.handle_exit(self, status)

    def _handle_event(self, name: str, arguments: tuple[Any, ...]) -> None:
        match name:
            case "handle_time_map":
                number, first_frame, time_map = arguments
                oldest = self.status.position.read().ring_number
                kept = {key: value for key, value in self._time_maps.items() if key >= oldest}
                self._time_maps = kept | {number: (first_frame, time_map)}
            case "handle_stop":
                self._owner.handle_stop(self, *arguments)
            case "handle_notice":
                self._owner.on_notice(*arguments)
            case "handle_log":
                logger_name, level, text = arguments
                logging.getLogger(logger_name).log(level, "%s", text)
            case _:
                raise ValueError(f"unknown event {name}")


def _priority_options() -> PopenOptions:
    """Return `new_session_options`, with a higher priority where a program may have one without further rights."""
    options = new_session_options()
    if sys.platform == "win32":
        options["creationflags"] = options.get("creationflags", 0) | subprocess.ABOVE_NORMAL_PRIORITY_CLASS
    return options
