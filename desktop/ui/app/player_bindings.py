"""Bindings of the player's actions: playback, lanes, and the part of the song in view."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.actions import ActionId
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel

if TYPE_CHECKING:
    from desktop.ui.waveform.view import WaveformView

SEEK_STEP_S = 5.0
PAN_FRACTION = 0.25
"""Fraction of the visible range by which an action pans the waveforms."""


def bind_player_actions(registry: ActionRegistry, player: PlayerController, panel: PlayerPanel) -> None:
    """Bind the actions of the player to `player`, and those of the view to the waveforms of `panel`."""

    def on_waveforms(run: Callable[["WaveformView"], object]) -> Callable[[], None]:
        def run_if_shown() -> None:
            if panel.waveforms is not None:
                run(panel.waveforms)

        return run_if_shown

    registry.bind(ActionId.PLAY_OR_PAUSE, player.toggle_playback)
    registry.bind(ActionId.SEEK_BACK, lambda: player.seek_by(-SEEK_STEP_S))
    registry.bind(ActionId.SEEK_FORWARD, lambda: player.seek_by(SEEK_STEP_S))
    registry.bind(ActionId.RETURN_TO_START, player.seek_to_start)
    registry.bind(ActionId.STOP, player.stop)
    registry.bind(ActionId.UNDO_CHANGE, player.undo)
    registry.bind(ActionId.REDO_CHANGE, player.redo)
    registry.bind_for_lanes(ActionId.MUTE_LANE, player.mix.toggle_mute)
    registry.bind_for_lanes(ActionId.SOLO_LANE, player.mix.toggle_solo)
    registry.bind_for_lanes(ActionId.MUTE_LANE_ONLY, player.mix.mute_only)
    registry.bind_for_lanes(ActionId.SOLO_LANE_ONLY, player.mix.solo_only)
    registry.bind(ActionId.HEAR_ORIGINAL, player.mix.hear_original)
    registry.bind(ActionId.SHOW_LYRICS, panel.lyrics.toggle)
    registry.bind(ActionId.SET_LYRICS_TIME, panel.lyrics.set_time)
    registry.bind(ActionId.ZOOM_IN, on_waveforms(lambda view: view.zoom_in()))
    registry.bind(ActionId.ZOOM_OUT, on_waveforms(lambda view: view.zoom_out()))
    registry.bind(ActionId.SHOW_WHOLE_SONG, on_waveforms(lambda view: view.fit()))
    registry.bind(ActionId.PAN_BACK, on_waveforms(lambda view: view.view_box.pan(-PAN_FRACTION)))
    registry.bind(ActionId.PAN_FORWARD, on_waveforms(lambda view: view.view_box.pan(PAN_FRACTION)))
