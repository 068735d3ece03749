"""Bindings of the actions of practice: loops, markers, speed, key, click, analysis, and what the view follows."""

from functools import partial

from PySide6.QtWidgets import QWidget

from desktop.playback.practice import MAX_COUNT_IN_BARS
from desktop.playback.song_state import SNAPSHOTS
from desktop.text.transposition import CENTS_PER_SEMITONE
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.action import ActionId
from desktop.ui.pages.player.chord_dialog import ChordDialog
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.pitch_groups import SPEED_STEP_PERCENT
from desktop.ui.pages.player.trainer_dialog import TrainerDialog


def bind_practice_actions(registry: ActionRegistry, player: PlayerController) -> None:
    """Bind the actions of loops, markers and view of the loaded song."""
    loops, practice = player.loops, player.practice

    def toggle_follow() -> None:
        practice.set_view(follows_playhead=not practice.state.view.follows_playhead)

    def toggle_spectrogram() -> None:
        practice.set_view(is_spectrogram=not practice.state.view.is_spectrogram)

    registry.bind(ActionId.SET_LOOP_START, loops.set_start)
    registry.bind(ActionId.SET_LOOP_END, loops.set_end)
    registry.bind(ActionId.TOGGLE_LOOP, loops.toggle_looping)
    registry.bind(ActionId.NEXT_LOOP, loops.choose_next)
    registry.bind(ActionId.DELETE_LOOP, loops.delete_chosen)
    registry.bind(ActionId.SAVE_LOOP, loops.save_chosen)
    registry.bind(ActionId.RENAME_LOOP, loops.rename_chosen)
    registry.bind(ActionId.MOVE_LOOP_BACK, partial(loops.move_by_length, -1))
    registry.bind(ActionId.MOVE_LOOP_FORWARD, partial(loops.move_by_length, 1))
    registry.bind(ActionId.NUDGE_LOOP_BACK, partial(loops.nudge, -1))
    registry.bind(ActionId.NUDGE_LOOP_FORWARD, partial(loops.nudge, 1))
    registry.bind(ActionId.SHORTEN_LOOP, partial(loops.nudge_end, -1))
    registry.bind(ActionId.LENGTHEN_LOOP, partial(loops.nudge_end, 1))
    registry.bind(ActionId.LOOP_SECTION, loops.loop_section)
    registry.bind(ActionId.ADD_MARKER, loops.add_marker)
    registry.bind(ActionId.PREVIOUS_MARKER, partial(loops.go_to_marker, -1))
    registry.bind(ActionId.NEXT_MARKER, partial(loops.go_to_marker, 1))
    registry.bind(ActionId.SNAP_TO_BEATS, loops.toggle_snapping)
    registry.bind(ActionId.FOLLOW_PLAYHEAD, toggle_follow)
    registry.bind(ActionId.SHOW_SPECTROGRAM, toggle_spectrogram)


def bind_sound_actions(registry: ActionRegistry, player: PlayerController, window: QWidget) -> None:
    """Bind speed, key, click, count-in, snapshots, limiter, tempo and chords; dialogs belong to `window`."""
    practice = player.practice

    def step_key(semitones: int) -> None:
        practice.set_cents(practice.state.cents + semitones * CENTS_PER_SEMITONE)

    def step_speed(percent: float) -> None:
        practice.set_speed_percent(player.speed_percent + percent)

    def toggle_click() -> None:
        if player.analysis.current.grid is not None:
            practice.set_click_on(not practice.state.click.is_on)

    def cycle_count_in() -> None:
        if player.analysis.current.grid is not None:
            practice.set_count_in_bars((practice.state.count_in_bars + 1) % (MAX_COUNT_IN_BARS + 1))

    registry.bind(ActionId.SPEED_DOWN, lambda: step_speed(-SPEED_STEP_PERCENT))
    registry.bind(ActionId.SPEED_UP, lambda: step_speed(SPEED_STEP_PERCENT))
    registry.bind(ActionId.KEY_DOWN, lambda: step_key(-1))
    registry.bind(ActionId.KEY_UP, lambda: step_key(1))
    registry.bind(ActionId.RESET_SPEED_AND_KEY, practice.reset_speed_and_key)
    registry.bind(ActionId.SPEED_TRAINER, lambda: TrainerDialog(player, window).show())
    registry.bind(ActionId.CLICK, toggle_click)
    registry.bind(ActionId.COUNT_IN, cycle_count_in)
    registry.bind(ActionId.RETURN_TO_LOOP_START, player.return_to_loop_start)
    registry.bind_for_lanes(ActionId.CHOOSE_MIX, lambda number: player.choose_snapshot(SNAPSHOTS[number]))
    registry.bind(ActionId.LIMITER, lambda: player.mix.set_limiter(not player.mix.master.has_limiter))
    registry.bind(ActionId.TAP_TEMPO, player.tempo_taps.tap)
    registry.bind(ActionId.NAME_CHORD, player.chord_requested.emit)
    player.chord_requested.connect(lambda: ChordDialog(player, window).open() if player.is_ready else None)
