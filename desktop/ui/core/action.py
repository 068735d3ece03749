"""Action of the user: what it is called, which keys run it, where it belongs, and for which jobs it is offered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtGui import QKeySequence

from desktop.jobs.model import Job
from desktop.text.message import Message, tr, verbatim


class ActionId(Enum):
    """Identity of an action."""

    ADD_SONGS = auto()
    ADD_FOLDER = auto()
    OPEN_STEMS = auto()
    PASTE = auto()
    COPY_STEMS = auto()
    EXPORT = auto()
    REMOVE = auto()
    UNDO_REMOVAL = auto()
    REMOVE_FINISHED = auto()
    SHOW_BIN = auto()
    SEARCH = auto()
    LEAVE = auto()
    SHOW_LIBRARY = auto()
    SHOW_PLAYER = auto()
    SHOW_FILES = auto()
    SHOW_ERROR = auto()
    SEPARATE_AGAIN = auto()
    CANCEL = auto()
    PAUSE = auto()
    RESUME = auto()
    PAUSE_OR_RESUME = auto()
    PAUSE_OR_RESUME_QUEUE = auto()
    SEPARATE_NEXT = auto()
    MOVE_UP = auto()
    MOVE_DOWN = auto()
    PLAY_OR_PAUSE = auto()
    SEEK_BACK = auto()
    SEEK_FORWARD = auto()
    RETURN_TO_START = auto()
    STOP = auto()
    PREVIOUS_SONG = auto()
    NEXT_SONG = auto()
    UNDO_CHANGE = auto()
    REDO_CHANGE = auto()
    MUTE_LANE = auto()
    SOLO_LANE = auto()
    MUTE_LANE_ONLY = auto()
    SOLO_LANE_ONLY = auto()
    HEAR_ORIGINAL = auto()
    SPEED_DOWN = auto()
    SPEED_UP = auto()
    KEY_DOWN = auto()
    KEY_UP = auto()
    RESET_SPEED_AND_KEY = auto()
    SPEED_TRAINER = auto()
    CLICK = auto()
    COUNT_IN = auto()
    RETURN_TO_LOOP_START = auto()
    CHOOSE_MIX = auto()
    LIMITER = auto()
    TAP_TEMPO = auto()
    NAME_CHORD = auto()
    SET_LOOP_START = auto()
    SET_LOOP_END = auto()
    TOGGLE_LOOP = auto()
    NEXT_LOOP = auto()
    DELETE_LOOP = auto()
    SAVE_LOOP = auto()
    RENAME_LOOP = auto()
    MOVE_LOOP_BACK = auto()
    MOVE_LOOP_FORWARD = auto()
    NUDGE_LOOP_BACK = auto()
    NUDGE_LOOP_FORWARD = auto()
    SHORTEN_LOOP = auto()
    LENGTHEN_LOOP = auto()
    LOOP_SECTION = auto()
    ADD_MARKER = auto()
    PREVIOUS_MARKER = auto()
    NEXT_MARKER = auto()
    SNAP_TO_BEATS = auto()
    SHOW_LYRICS = auto()
    SET_LYRICS_TIME = auto()
    SEEK_TO_LYRICS = auto()
    ZOOM_IN = auto()
    ZOOM_OUT = auto()
    SHOW_WHOLE_SONG = auto()
    PAN_BACK = auto()
    PAN_FORWARD = auto()
    FOLLOW_PLAYHEAD = auto()
    SHOW_SPECTROGRAM = auto()
    SHOW_SHORTCUTS = auto()
    SETTINGS = auto()
    OUTPUT_SETTINGS = auto()
    QUIT = auto()
    OPEN_CELL = auto()
    CHANGE_CELL = auto()
    SHOW_MENU = auto()
    ZOOM_WAVEFORMS = auto()
    PAN_WAVEFORMS = auto()
    FIT_WAVEFORMS = auto()
    SET_PLAYHEAD = auto()


class Scope(Enum):
    """Where an action belongs; the value is its heading in the list of shortcuts."""

    SONGS = Message("Songs")
    QUEUE = Message("Queue")
    PLAYER = Message("Player")
    VIEW = Message("View")
    APP = verbatim("Unbraid")
    TABLE = Message("In the table")
    WAVEFORMS = Message("In the waveforms")
    LYRICS = Message("In the lyrics")

    @property
    def heading(self) -> str:
        """Heading in the user's language."""
        return str(self.value)

    @property
    def is_control(self) -> bool:
        """Whether the focused control handles the keys itself, and not the window."""
        return self in (Scope.TABLE, Scope.WAVEFORMS, Scope.LYRICS)


JobsPredicate = Callable[[Sequence[Job]], bool]


def _always(jobs: Sequence[Job]) -> bool:
    return True


@dataclass(frozen=True)
class Action:
    """An action: its name, its keys and its icon."""

    id: ActionId
    name: Message
    """Name, in the imperative, without "…"."""
    scope: Scope
    keys: tuple[str, ...] = ()
    """Key sequences in Qt's portable notation, primary key first."""
    enabled_when: JobsPredicate = _always
    """Whether menus offer it for these jobs. Its keys always work: the handler shows a notice if it
    does not apply."""
    icon: str = ""
    """Glyph of its icon buttons."""
    opens_dialog: bool = False
    """Whether it opens a dialog first, which menus mark with "…"."""
    auto_repeats: bool = False
    """Whether it repeats while its key is held down."""
    is_per_lane: bool = False
    """Whether there is one for each lane; lane number n has `keys[n]`."""
    lane_names: tuple[str, ...] = ()
    """Names of what there is one for each, in place of lanes; empty for their numbers, from 1."""
    player_keys: tuple[str, ...] = ()
    """Keys that run it on the Player page only, where they mean something else on the other pages."""
    is_off_in_player: bool = False
    """Whether its keys do nothing on the Player page, which shows no rows."""
    gestures: tuple[Message, ...] = ()
    """Names of keys and mouse gestures that a control handles itself; such an action has no `keys`."""

    @property
    def text(self) -> str:
        """Name in the user's language."""
        return str(self.name)

    def lane_text(self, lane: int) -> str:
        """Return the name in the user's language for the lane with this number, from 0."""
        return tr("{action} {name}", action=self.name, name=self._lane_name(lane))

    @property
    def all_lanes_text(self) -> str:
        """Name in the user's language for all lanes together, as "Mute lane 1 to 6"."""
        first, last = self._lane_name(0), self._lane_name(len(self.keys) - 1)
        return tr("{action} {first} to {last}", action=self.name, first=first, last=last)

    def _lane_name(self, lane: int) -> str:
        return self.lane_names[lane] if self.lane_names else str(lane + 1)

    @property
    def menu_text(self) -> str:
        """Text in a menu."""
        return f"{self.text}…" if self.opens_dialog else self.text

    @property
    def key(self) -> str:
        """Primary key; empty without one."""
        return self.keys[0] if self.keys else ""

    @property
    def key_texts(self) -> list[str]:
        """Keys, or gestures, in the notation of this system and the user's language."""
        return [str(gesture) for gesture in self.gestures] or [
            QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            for key in (*self.keys, *self.player_keys)
        ]

    def tooltip(self, text: str = "") -> str:
        """Return `text`, or the action's own, with its primary key."""
        key_texts = self.key_texts
        return f"{text or self.text} ({key_texts[0]})" if key_texts else text or self.text
