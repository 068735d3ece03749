"""Bindings of the actions of practice: loops, markers, and what the view follows."""

from dataclasses import replace
from functools import partial

from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.actions import ActionId
from desktop.ui.pages.player.controller import PlayerController


def bind_practice_actions(registry: ActionRegistry, player: PlayerController) -> None:
    """Bind the actions of loops, markers and view of the loaded song."""
    loops = player.loops

    def change_view(**changes: bool) -> None:
        state = player.practice.state
        player.practice.apply(replace(state, view=replace(state.view, **changes)))

    def toggle_follow() -> None:
        change_view(follows_playhead=not player.practice.state.view.follows_playhead)

    def toggle_spectrogram() -> None:
        change_view(is_spectrogram=not player.practice.state.view.is_spectrogram)

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
