"""MPRIS 2 service on the session bus, through which a Linux desktop shows the song and passes on the media keys.

Interfaces and meanings are those of specifications.freedesktop.org/mpris-spec/latest. QtDBus cannot be used: from Python
it sends no 64-bit integer in a map, which the length of the song is.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

BUS_NAME = "org.mpris.MediaPlayer2.unbraid"
_PATH = "/org/mpris/MediaPlayer2"
_ROOT, _PLAYER = "org.mpris.MediaPlayer2", "org.mpris.MediaPlayer2.Player"
_PROPERTIES, _INTROSPECTABLE = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.Introspectable"
_NO_TRACK = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
_METHODS: Mapping[str, Mapping[str, str]] = {
    _ROOT: {"Raise": "", "Quit": ""},
    _PLAYER: {
        **dict.fromkeys(("Next", "Previous", "Pause", "PlayPause", "Stop", "Play"), ""),
        "Seek": "x",
        "SetPosition": "ox",
        "OpenUri": "s",
    },
}
"""Signature of the arguments of each method, by interface."""
_WRITABLE = ("LoopStatus", "Rate", "Volume")
_MIN_RATE, _MAX_RATE = 0.25, 2.0
# Replies of RequestName: this connection owns the name.
_IS_OWNER = (1, 4)
_DO_NOT_QUEUE = 4
# Seconds that closing waits for the thread.
_CLOSE_TIMEOUT_S = 1.0
_log = logging.getLogger(__name__)
_Values = dict[str, tuple[str, Any]]
"""Values by name, each with its signature: D-Bus type a{sv}."""


@dataclass(frozen=True)
class MediaState:
    """What the desktop shows of the player."""

    track_id: str = ""
    """The job's id; empty without a track."""
    title: str = ""
    artist: str = ""
    album: str = ""
    art_url: str = ""
    length_s: float = 0.0
    is_playing: bool = False
    is_looping: bool = False
    rate: float = 1.0
    volume: float = 1.0
    """Linear gain of the master."""


class MediaRequest(NamedTuple):
    """Method that was called, or property that was set, by its name in MPRIS."""

    name: str
    arguments: tuple[Any, ...] = ()


class MprisService:
    """Thread that serves the player on the session bus; without a bus, it ends at once."""

    def __init__(self, on_request: Callable[[MediaRequest], None]) -> None:
        """Start the thread, which calls `on_request`."""
        self._on_request = on_request
        self._state = MediaState()
        self.position_s = 0.0
        """Playhead in seconds, as it is returned to callers."""
        self._signals: SimpleQueue[tuple[str, str, str, tuple[Any, ...]]] = SimpleQueue()
        self._connection: Any = None
        self._is_closing = False
        self._thread = Thread(target=self._run, name="media", daemon=True)
        self._thread.start()

    def update(self, state: MediaState) -> None:
        """Show `state`, and signal what has changed."""
        previous, self._state = player_properties(self._state), state
        changed = {name: value for name, value in player_properties(state).items() if value != previous[name]}
        if changed:
            self._send_signal(_PROPERTIES, "PropertiesChanged", "sa{sv}as", (_PLAYER, changed, []))

    def report_seek(self) -> None:
        """Signal that the playhead has moved to `position_s` other than by playing."""
        self._send_signal(_PLAYER, "Seeked", "x", (_microseconds(self.position_s),))

    def close(self) -> None:
        """Leave the bus and end the thread."""
        self._is_closing = True
        self._wake()
        self._thread.join(_CLOSE_TIMEOUT_S)

    def _send_signal(self, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> None:
        # The thread sends it: the bus may keep a sender waiting.
        if self._thread.is_alive():
            self._signals.put((interface, member, signature, body))
            self._wake()

    def _wake(self) -> None:
        if self._connection is not None:
            self._connection.interrupt()

    def _run(self) -> None:
        # Imported here: the window's first paint does not need it.
        from jeepney.io.threading import open_dbus_connection

        try:
            with open_dbus_connection("SESSION") as connection:
                self._connection = connection
                self._serve(connection)
        # An address that is missing, malformed or of no known transport raises one of the last three.
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            _log.info("Media controls of the desktop are not available: %s", error)
        finally:
            self._connection = None

    def _serve(self, connection: Any) -> None:
        from jeepney import HeaderFields, MessageType
        from jeepney.io.threading import ReceiveStopped

        name_serial = _request_name(connection, BUS_NAME)
        while not self._is_closing:
            self._send_signals(connection)
            try:
                message = connection.receive()
            except ReceiveStopped:
                connection.reset_interrupt()
                continue
            header = message.header
            if header.message_type is MessageType.method_call:
                connection.send(self._reply(message))
            elif header.fields.get(HeaderFields.reply_serial) == name_serial and message.body[0] not in _IS_OWNER:
                # Another window, on another library, has the name.
                _request_name(connection, f"{BUS_NAME}.instance{os.getpid()}")

    def _send_signals(self, connection: Any) -> None:
        from jeepney import DBusAddress, new_signal

        while not self._signals.empty():
            interface, member, signature, body = self._signals.get()
            connection.send(new_signal(DBusAddress(_PATH, interface=interface), member, signature, body))

    def _reply(self, call: Any) -> Any:
        """Carry out a method call, and return the reply."""
        from jeepney import HeaderFields, new_error, new_method_return

        fields = call.header.fields
        interface, member = fields.get(HeaderFields.interface, ""), fields[HeaderFields.member]
        signature = fields.get(HeaderFields.signature, "")
        match interface, member, signature:
            case "org.freedesktop.DBus.Peer", "Ping", "":
                return new_method_return(call)
            case _ if fields.get(HeaderFields.path) != _PATH:
                return new_error(call, "org.freedesktop.DBus.Error.UnknownObject")
            case "org.freedesktop.DBus.Introspectable", "Introspect", "":
                return new_method_return(call, "s", (_introspection(),))
            case "org.freedesktop.DBus.Properties", "GetAll", "s":
                return new_method_return(call, "a{sv}", (self._properties(call.body[0]),))
            case "org.freedesktop.DBus.Properties", "Get", "ss" if call.body[1] in self._properties(call.body[0]):
                return new_method_return(call, "v", (self._properties(call.body[0])[call.body[1]],))
            case "org.freedesktop.DBus.Properties", "Set", "ssv" if self._is_settable(*call.body):
                self._on_request(MediaRequest(call.body[1], (call.body[2][1],)))
                return new_method_return(call)
            case _ if _METHODS.get(interface, {}).get(member) == signature:
                self._on_request(MediaRequest(member, call.body))
                return new_method_return(call)
            case _:
                return new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")

    def _is_settable(self, interface: str, name: str, value: tuple[str, Any]) -> bool:
        return interface == _PLAYER and name in _WRITABLE and value[0] == self._properties(_PLAYER)[name][0]

    def _properties(self, interface: str) -> _Values:
        match interface:
            case "org.mpris.MediaPlayer2":
                return _root_properties()
            case "org.mpris.MediaPlayer2.Player":
                return player_properties(self._state) | {"Position": ("x", _microseconds(self.position_s))}
            case _:
                return {}


def track_path(track_id: str) -> str:
    """Return the D-Bus object path that identifies a track."""
    return f"/org/unbraid/track/{track_id.replace('-', '')}" if track_id else _NO_TRACK


def player_properties(state: MediaState) -> _Values:
    """Return the properties of the player, without its position."""
    has_track = bool(state.track_id)
    metadata: _Values = {"mpris:trackid": ("o", track_path(state.track_id))}
    if has_track:
        metadata |= {"xesam:title": ("s", state.title), "mpris:length": ("x", _microseconds(state.length_s))}
        metadata |= {"xesam:artist": ("as", [state.artist])} if state.artist else {}
        metadata |= {"xesam:album": ("s", state.album)} if state.album else {}
        metadata |= {"mpris:artUrl": ("s", state.art_url)} if state.art_url else {}
    return {
        "PlaybackStatus": ("s", "Playing" if state.is_playing else "Paused" if has_track else "Stopped"),
        "LoopStatus": ("s", "Track" if state.is_looping else "None"),
        "Rate": ("d", state.rate),
        "MinimumRate": ("d", _MIN_RATE),
        "MaximumRate": ("d", _MAX_RATE),
        "Volume": ("d", state.volume),
        "Metadata": ("a{sv}", metadata),
        "CanControl": ("b", True),
        **dict.fromkeys(("CanGoNext", "CanGoPrevious", "CanPlay", "CanPause", "CanSeek"), ("b", has_track)),
    }


def _root_properties() -> _Values:
    return {
        "CanQuit": ("b", True),
        "CanRaise": ("b", True),
        "HasTrackList": ("b", False),
        "Identity": ("s", "Unbraid"),
        "DesktopEntry": ("s", "unbraid"),
        "SupportedUriSchemes": ("as", []),
        "SupportedMimeTypes": ("as", []),
    }


def _request_name(connection: Any, name: str) -> int:
    """Request a name on the bus, and return the serial number of the request."""
    from jeepney.bus_messages import message_bus

    serial: int = next(connection.outgoing_serial)
    connection.send(message_bus.RequestName(name, _DO_NOT_QUEUE), serial=serial)
    return serial


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _introspection() -> str:
    """Return the interfaces in the XML of the D-Bus specification."""
    interfaces = ((_ROOT, _root_properties()), (_PLAYER, player_properties(MediaState()) | {"Position": ("x", 0)}))
    return "<node>" + "".join(_interface_xml(name, properties) for name, properties in interfaces) + "</node>"


def _interface_xml(interface: str, properties: _Values) -> str:
    methods = "".join(
        f'<method name="{name}">' + "".join(f'<arg type="{kind}" direction="in"/>' for kind in kinds) + "</method>"
        for name, kinds in _METHODS[interface].items()
    )
    signals = '<signal name="Seeked"><arg type="x"/></signal>' if interface == _PLAYER else ""
    values = "".join(
        f'<property name="{name}" type="{signature}" access="{"readwrite" if name in _WRITABLE else "read"}"/>'
        for name, (signature, _) in properties.items()
    )
    return f'<interface name="{interface}">{methods}{signals}{values}</interface>'
