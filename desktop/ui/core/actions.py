"""Actions of the user: what each is called, which keys run it, where it belongs, and for which jobs it is offered.

Menus, buttons, tooltips, accessible names, shortcuts and the list of shortcuts read this table; `app/actions.py` binds
what an action runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtGui import QKeySequence

from desktop.jobs.model import Job, JobState
from desktop.text.message import Message, tr, verbatim


class ActionId(Enum):
    """Identity of an action."""

    ADD_SONGS = auto()
    ADD_FOLDER = auto()
    PASTE = auto()
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


def _for_any(predicate: Callable[[Job], bool]) -> JobsPredicate:
    return lambda jobs: any(predicate(job) for job in jobs)


def _for_one(predicate: Callable[[Job], bool]) -> JobsPredicate:
    return lambda jobs: len(jobs) == 1 and predicate(jobs[0])


_for_one_pending = _for_one(lambda job: job.state is JobState.PENDING)


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
        return tr("{action} {number}", action=self.name, number=lane + 1)

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


_ACTIONS = (
    Action(ActionId.ADD_SONGS, Message("Add songs"), Scope.SONGS, ("Ctrl+O",), icon="plus", opens_dialog=True),
    Action(
        ActionId.ADD_FOLDER, Message("Add folder"), Scope.SONGS, ("Ctrl+Shift+O",), icon="folder", opens_dialog=True
    ),
    Action(ActionId.PASTE, Message("Paste songs"), Scope.SONGS, ("Ctrl+V",)),
    Action(
        ActionId.EXPORT,
        Message("Export stems"),
        Scope.SONGS,
        ("Ctrl+E",),
        _for_any(lambda job: bool(job.stems)),
        opens_dialog=True,
    ),
    Action(
        ActionId.REMOVE,
        Message("Remove"),
        Scope.SONGS,
        ("Del", "Backspace"),
        _for_any(lambda job: True),
        is_off_in_player=True,
    ),
    Action(ActionId.UNDO_REMOVAL, Message("Undo the last removal"), Scope.SONGS, ("Ctrl+Z",), is_off_in_player=True),
    Action(ActionId.REMOVE_FINISHED, Message("Remove finished songs"), Scope.SONGS, ("Ctrl+Shift+Del",)),
    Action(ActionId.SHOW_BIN, Message("Removed songs"), Scope.SONGS, opens_dialog=True),
    Action(ActionId.SEARCH, Message("Search"), Scope.SONGS, ("Ctrl+F",)),
    Action(ActionId.LEAVE, Message("Leave the search or the player"), Scope.SONGS, ("Esc",)),
    Action(ActionId.SHOW_LIBRARY, Message("Library"), Scope.SONGS, ("Ctrl+1",)),
    Action(ActionId.SHOW_PLAYER, Message("Player"), Scope.SONGS, ("Ctrl+2",)),
    Action(ActionId.SHOW_FILES, Message("Show files"), Scope.SONGS, (), _for_one(lambda job: True), icon="folder"),
    Action(
        ActionId.SHOW_ERROR,
        Message("Why it failed"),
        Scope.SONGS,
        (),
        _for_one(lambda job: job.state is JobState.FAILED),
        icon="alert",
        opens_dialog=True,
    ),
    Action(
        ActionId.SEPARATE_AGAIN,
        Message("Separate again"),
        Scope.SONGS,
        (),
        _for_any(lambda job: job.state.has_ended),
        icon="repeat",
    ),
    Action(
        ActionId.CANCEL, Message("Cancel"), Scope.QUEUE, (), _for_any(lambda job: not job.state.has_ended), icon="cross"
    ),
    Action(
        ActionId.PAUSE,
        Message("Pause"),
        Scope.QUEUE,
        (),
        _for_any(lambda job: not job.state.has_ended and not job.paused),
        icon="pause",
    ),
    Action(
        ActionId.RESUME,
        Message("Resume"),
        Scope.QUEUE,
        (),
        _for_any(lambda job: not job.state.has_ended and job.paused),
        icon="play",
    ),
    Action(ActionId.PAUSE_OR_RESUME, Message("Pause or resume songs"), Scope.QUEUE, ("Ctrl+P",)),
    Action(ActionId.PAUSE_OR_RESUME_QUEUE, Message("Pause or resume the queue"), Scope.QUEUE, ("Ctrl+Shift+P",)),
    Action(ActionId.SEPARATE_NEXT, Message("Separate next"), Scope.QUEUE, (), _for_one_pending),
    Action(ActionId.MOVE_UP, Message("Move up in the queue"), Scope.QUEUE, ("Alt+Up",), _for_one_pending),
    Action(ActionId.MOVE_DOWN, Message("Move down in the queue"), Scope.QUEUE, ("Alt+Down",), _for_one_pending),
    # Page Down and Page Up are what a foot pedal types.
    Action(
        ActionId.PLAY_OR_PAUSE,
        Message("Play or pause"),
        Scope.PLAYER,
        ("Space", "Toggle Media Play/Pause", "Media Play", "Media Pause"),
        player_keys=("PgDown",),
    ),
    # Tables and sliders use the plain arrow keys themselves: with Ctrl, seeking works from there too.
    Action(ActionId.SEEK_BACK, Message("Back 5 seconds"), Scope.PLAYER, ("Left", "Ctrl+Left"), auto_repeats=True),
    Action(
        ActionId.SEEK_FORWARD, Message("Forward 5 seconds"), Scope.PLAYER, ("Right", "Ctrl+Right"), auto_repeats=True
    ),
    Action(ActionId.RETURN_TO_START, Message("Return to start"), Scope.PLAYER, ("Home",), icon="to_start"),
    Action(ActionId.STOP, Message("Stop"), Scope.PLAYER, ("Shift+Space", "Media Stop"), icon="stop"),
    Action(ActionId.PREVIOUS_SONG, Message("Previous song, or back to the start"), Scope.PLAYER, ("Media Previous",)),
    Action(ActionId.NEXT_SONG, Message("Next song"), Scope.PLAYER, ("Media Next",)),
    # In the library, Ctrl+Z restores removed songs wherever the focus is.
    Action(
        ActionId.UNDO_CHANGE,
        Message("Undo the last change of the song"),
        Scope.PLAYER,
        ("Alt+Z",),
        icon="undo",
        auto_repeats=True,
        player_keys=("Ctrl+Z",),
    ),
    Action(
        ActionId.REDO_CHANGE,
        Message("Redo the change of the song"),
        Scope.PLAYER,
        ("Alt+Shift+Z",),
        icon="redo",
        auto_repeats=True,
        player_keys=("Ctrl+Shift+Z", "Ctrl+Y"),
    ),
    Action(ActionId.MUTE_LANE, Message("Mute lane"), Scope.PLAYER, tuple("123456"), is_per_lane=True),
    Action(
        ActionId.SOLO_LANE,
        Message("Solo lane"),
        Scope.PLAYER,
        tuple(f"Shift+{number}" for number in "123456"),
        is_per_lane=True,
    ),
    Action(
        ActionId.MUTE_LANE_ONLY,
        Message("Mute only lane"),
        Scope.PLAYER,
        tuple(f"Ctrl+Alt+{number}" for number in "123456"),
        is_per_lane=True,
    ),
    Action(
        ActionId.SOLO_LANE_ONLY,
        Message("Solo only lane"),
        Scope.PLAYER,
        tuple(f"Alt+Shift+{number}" for number in "123456"),
        is_per_lane=True,
    ),
    Action(ActionId.HEAR_ORIGINAL, Message("Hear the original, or the stems again"), Scope.PLAYER, ("O",)),
    Action(ActionId.SPEED_DOWN, Message("Slower"), Scope.PLAYER, ("S",), auto_repeats=True),
    Action(ActionId.SPEED_UP, Message("Faster"), Scope.PLAYER, ("Shift+S",), auto_repeats=True),
    Action(ActionId.KEY_DOWN, Message("A semitone lower"), Scope.PLAYER, ("P",), auto_repeats=True),
    Action(ActionId.KEY_UP, Message("A semitone higher"), Scope.PLAYER, ("Shift+P",), auto_repeats=True),
    Action(ActionId.RESET_SPEED_AND_KEY, Message("Original speed and key"), Scope.PLAYER, ("R",)),
    Action(
        ActionId.SPEED_TRAINER, Message("Speed trainer"), Scope.PLAYER, ("Shift+T",), icon="steps", opens_dialog=True
    ),
    Action(ActionId.CLICK, Message("Click on or off"), Scope.PLAYER, ("C",)),
    Action(ActionId.COUNT_IN, Message("Count in: off, 1 bar, 2 bars"), Scope.PLAYER, ("Shift+C",)),
    Action(
        ActionId.RETURN_TO_LOOP_START,
        Message("Return to the start of the loop"),
        Scope.PLAYER,
        ("Shift+Home",),
        player_keys=("PgUp",),
    ),
    Action(
        ActionId.CHOOSE_MIX,
        Message("Hear mix"),
        Scope.PLAYER,
        tuple(f"Alt+{number}" for number in "1234"),
        is_per_lane=True,
    ),
    Action(ActionId.LIMITER, Message("Limiter"), Scope.PLAYER),
    Action(ActionId.TAP_TEMPO, Message("Tap the tempo"), Scope.PLAYER, ("T",)),
    Action(ActionId.NAME_CHORD, Message("Name the chord"), Scope.PLAYER, ("H",), opens_dialog=True),
    Action(ActionId.SET_LOOP_START, Message("Begin the loop here"), Scope.PLAYER, ("[",)),
    Action(ActionId.SET_LOOP_END, Message("End the loop here"), Scope.PLAYER, ("]",)),
    Action(ActionId.TOGGLE_LOOP, Message("Loop on or off"), Scope.PLAYER, ("L",)),
    Action(ActionId.NEXT_LOOP, Message("Next loop"), Scope.PLAYER, ("N",)),
    Action(ActionId.DELETE_LOOP, Message("Delete the loop"), Scope.PLAYER, ("Shift+L",)),
    Action(ActionId.SAVE_LOOP, Message("Keep the passage as a loop"), Scope.PLAYER, ("Ctrl+Shift+L",)),
    Action(ActionId.RENAME_LOOP, Message("Rename the loop"), Scope.PLAYER, ("Shift+N",)),
    Action(
        ActionId.MOVE_LOOP_BACK,
        Message("Move the loop back by its length"),
        Scope.PLAYER,
        ("Alt+Left",),
        auto_repeats=True,
    ),
    Action(
        ActionId.MOVE_LOOP_FORWARD,
        Message("Move the loop forward by its length"),
        Scope.PLAYER,
        ("Alt+Right",),
        auto_repeats=True,
    ),
    Action(ActionId.NUDGE_LOOP_BACK, Message("Move the loop back by a beat"), Scope.PLAYER, (",",), auto_repeats=True),
    Action(
        ActionId.NUDGE_LOOP_FORWARD, Message("Move the loop forward by a beat"), Scope.PLAYER, (".",), auto_repeats=True
    ),
    Action(
        ActionId.SHORTEN_LOOP,
        Message("Shorten the loop by a beat"),
        Scope.PLAYER,
        ("Alt+Shift+Left",),
        auto_repeats=True,
    ),
    Action(
        ActionId.LENGTHEN_LOOP,
        Message("Lengthen the loop by a beat"),
        Scope.PLAYER,
        ("Alt+Shift+Right",),
        auto_repeats=True,
    ),
    Action(ActionId.LOOP_SECTION, Message("Loop this section"), Scope.PLAYER, ("Ctrl+L",)),
    Action(ActionId.ADD_MARKER, Message("Mark a section here"), Scope.PLAYER, ("K",)),
    Action(
        ActionId.PREVIOUS_MARKER,
        Message("Go to the previous section"),
        Scope.PLAYER,
        ("Shift+PgUp",),
        auto_repeats=True,
    ),
    Action(ActionId.NEXT_MARKER, Message("Go to the next section"), Scope.PLAYER, ("Shift+PgDown",), auto_repeats=True),
    Action(ActionId.SNAP_TO_BEATS, Message("Snap to beats"), Scope.PLAYER, ("Shift+B",)),
    Action(ActionId.SHOW_LYRICS, Message("Show or hide the lyrics"), Scope.PLAYER, player_keys=("Y",), icon="lyrics"),
    Action(
        ActionId.SET_LYRICS_TIME,
        Message("Set the time of the line of lyrics"),
        Scope.PLAYER,
        player_keys=("Ctrl+Return",),
    ),
    Action(ActionId.ZOOM_IN, Message("Zoom in"), Scope.VIEW, ("Ctrl++", "Ctrl+="), auto_repeats=True),
    Action(ActionId.ZOOM_OUT, Message("Zoom out"), Scope.VIEW, ("Ctrl+-",), auto_repeats=True),
    Action(ActionId.SHOW_WHOLE_SONG, Message("Show the whole song"), Scope.VIEW, ("Ctrl+0",)),
    Action(ActionId.PAN_BACK, Message("Move the view back"), Scope.VIEW, ("Shift+Left",), auto_repeats=True),
    Action(ActionId.PAN_FORWARD, Message("Move the view forward"), Scope.VIEW, ("Shift+Right",), auto_repeats=True),
    Action(ActionId.FOLLOW_PLAYHEAD, Message("Follow the playhead"), Scope.VIEW, ("Shift+F",)),
    Action(ActionId.SHOW_SPECTROGRAM, Message("Spectrogram or waveform"), Scope.VIEW, ("Shift+W",)),
    Action(ActionId.SHOW_SHORTCUTS, Message("Keyboard shortcuts"), Scope.APP, ("F1", "?")),
    Action(ActionId.SETTINGS, Message("Settings"), Scope.APP, ("Ctrl+,",), icon="gear"),
    Action(ActionId.OUTPUT_SETTINGS, Message("Output settings"), Scope.APP, opens_dialog=True),
    Action(ActionId.QUIT, Message("Quit"), Scope.APP, ("Ctrl+Q",)),
    Action(
        ActionId.OPEN_CELL,
        Message("Open the song, follow a link, press a button"),
        Scope.TABLE,
        gestures=(Message("Return"),),
    ),
    Action(ActionId.CHANGE_CELL, Message("Go from cell to cell"), Scope.TABLE, gestures=(Message("Arrows"),)),
    Action(
        ActionId.SHOW_MENU,
        Message("More actions"),
        Scope.TABLE,
        gestures=(Message("Shift+F10"), Message("Menu")),
        icon="dots",
    ),
    Action(
        ActionId.ZOOM_WAVEFORMS,
        Message("Zoom in, zoom out"),
        Scope.WAVEFORMS,
        gestures=(verbatim("+"), verbatim("−"), Message("Up"), Message("Down"), Message("Wheel")),
    ),
    Action(
        ActionId.PAN_WAVEFORMS,
        Message("Move the view"),
        Scope.WAVEFORMS,
        gestures=(Message("Shift+Wheel"), Message("Drag")),
    ),
    Action(
        ActionId.FIT_WAVEFORMS,
        Message("Show the whole song"),
        Scope.WAVEFORMS,
        gestures=(verbatim("F"), Message("Double-click")),
    ),
    Action(ActionId.SET_PLAYHEAD, Message("Set the playhead"), Scope.WAVEFORMS, gestures=(Message("Click"),)),
    Action(
        ActionId.SEEK_TO_LYRICS,
        Message("Go to the line in the song"),
        Scope.LYRICS,
        gestures=(Message("Return"), Message("Click")),
    ),
)

ACTIONS: Mapping[ActionId, Action] = {action.id: action for action in _ACTIONS}
"""Every action, in the order of the list of shortcuts."""
