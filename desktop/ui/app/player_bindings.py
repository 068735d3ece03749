"""Bindings of the player's actions: playback, lanes, and the part of the song in view."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.playback.practice import MAX_COUNT_IN_BARS
from desktop.playback.song_state import SNAPSHOTS
from desktop.text.transposition import CENTS_PER_SEMITONE
from desktop.ui.app.actions import ActionRegistry
from desktop.ui.core.actions import ActionId
from desktop.ui.pages.player.chord_dialog import ChordDialog
from desktop.ui.pages.player.controller import PlayerController
from desktop.ui.pages.player.panel import PlayerPanel
from desktop.ui.pages.player.pitch_groups import SPEED_STEP_PERCENT
from desktop.ui.pages.player.trainer_dialog import TrainerDialog

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
    _bind_practice(registry, player, panel)
    registry.bind(ActionId.ZOOM_IN, on_waveforms(lambda view: view.zoom_in()))
    registry.bind(ActionId.ZOOM_OUT, on_waveforms(lambda view: view.zoom_out()))
    registry.bind(ActionId.SHOW_WHOLE_SONG, on_waveforms(lambda view: view.fit()))
    registry.bind(ActionId.PAN_BACK, on_waveforms(lambda view: view.view_box.pan(-PAN_FRACTION)))
    registry.bind(ActionId.PAN_FORWARD, on_waveforms(lambda view: view.view_box.pan(PAN_FRACTION)))


def _bind_practice(registry: ActionRegistry, player: PlayerController, panel: PlayerPanel) -> None:
    """Bind speed, key, click, count-in, snapshots, limiter, tempo and chords."""
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
    registry.bind(ActionId.SPEED_TRAINER, lambda: TrainerDialog(player, panel.window()).show())
    registry.bind(ActionId.CLICK, toggle_click)
    registry.bind(ActionId.COUNT_IN, cycle_count_in)
    registry.bind(ActionId.RETURN_TO_LOOP_START, player.return_to_loop_start)
    registry.bind_for_lanes(ActionId.CHOOSE_MIX, lambda number: player.choose_snapshot(SNAPSHOTS[number]))
    registry.bind(ActionId.LIMITER, lambda: player.mix.set_limiter(not practice.state.master.has_limiter))
    registry.bind(ActionId.TAP_TEMPO, player.tap_tempo)
    registry.bind(ActionId.SHOW_LYRICS, panel.lyrics.toggle)
    registry.bind(ActionId.SET_LYRICS_TIME, panel.lyrics.set_time)
    registry.bind(ActionId.NAME_CHORD, player.chord_requested.emit)
    player.chord_requested.connect(lambda: ChordDialog(player, panel.window()).open() if player.is_ready else None)
