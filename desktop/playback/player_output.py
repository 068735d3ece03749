"""Output of a player: the device that plays it, opened as the settings say, and another one when it is lost."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

from desktop.errors import SoundUnavailableError
from desktop.playback.adaptive_latency import AdaptiveLatency
from desktop.playback.device import Device
from desktop.playback.output_settings import OutputSettings
from desktop.playback.player import Player
from desktop.text.message import Message

_LOST = Message("The sound device was lost. Connect one, then press play again.")
# Devices that are lost within so many seconds one after the other, before playback gives up.
_MIN_LIFE_S, _MAX_SHORT_LIVES = 1.0, 3
_log = logging.getLogger(__name__)


class PlayerOutput:
    """Opens and closes the device of a player, for use by the reader's thread."""

    def __init__(
        self,
        player: Player,
        lane_names: Sequence[str],
        settings: OutputSettings,
        on_stale: Callable[[], None],
        on_notice: Callable[[Message], None],
        latency: AdaptiveLatency | None = None,
    ) -> None:
        """Keep what is needed to open a device, with `latency`.

        `on_stale` is called from another thread when the device is lost; `on_notice` gets a message for the user when
        another one plays in its place.
        """
        self.settings = settings
        """Wanted settings; may be set from any thread, which then wakes the reader."""
        self._player = player
        self._lane_names = tuple(lane_names)
        self._on_stale = on_stale
        self._on_notice = on_notice
        self._latency = latency or AdaptiveLatency()
        self._device: Device | None = None
        self._opened_settings = settings
        self._opened_at = 0.0
        self._lost_device: Device | None = None
        self._short_lives = 0

    @property
    def is_open(self) -> bool:
        """Whether a device is open."""
        return self._device is not None

    @property
    def is_fallback(self) -> bool:
        """Whether the default device is open because the chosen one was not connected."""
        return self._device is not None and self._device.is_fallback

    @property
    def is_stale(self) -> bool:
        """Whether the device that is open was lost, or is not the one that the settings ask for."""
        return self._device is not None and (
            self._device is self._lost_device or self._opened_settings != self._adapted_settings
        )

    def open(self, sample_rate: int) -> None:
        """Open the device and reset the player for it; it plays after `start`. Raises SoundUnavailableError."""
        lost, self._lost_device = self._lost_device, None
        settings = self._adapted_settings
        is_short_life = lost is not None and monotonic() - self._opened_at < _MIN_LIFE_S
        self._short_lives = self._short_lives + 1 if is_short_life else 0
        if self._short_lives > _MAX_SHORT_LIVES:
            raise SoundUnavailableError(_LOST)
        try:
            device = Device(
                sample_rate, self._player.fill, self._report_loss, settings, settings.channels(self._lane_names)
            )
        except SoundUnavailableError as error:
            raise SoundUnavailableError(_LOST) if lost else error from error
        self._device, self._opened_settings = device, settings
        self._opened_at = monotonic()
        pairs = settings.lane_pairs(self._lane_names, device.channels)
        self._latency.begin(self._player.underflows)
        self._player.reset(device.sample_rate, device.latency, pairs, device.channels)
        if lost and lost.title != device.title and (device.is_fallback or not lost.is_fallback):
            message = Message("{lost} was disconnected. Playing on {device}.", lost=lost.title, device=device.title)
            _log.info("The sound device was lost, another one plays")
            self._on_notice(message)

    def start(self) -> None:
        """Start the device. Raises SoundUnavailableError if it refuses."""
        if self._device:
            self._device.start()

    def close(self, is_replaced: bool = False) -> None:
        """Release the device; `is_replaced` says that the next one is opened in its place, and told to the user."""
        device, self._device = self._device, None
        if device:
            device.close()
        if not is_replaced:
            self._lost_device = None

    def adapt_latency(self) -> None:
        """Notice underflows of the device that is open, after which `is_stale` may ask for another latency."""
        if self._device:
            self._latency.note_underflows(self._player.underflows)

    @property
    def _adapted_settings(self) -> OutputSettings:
        return replace(self.settings, latency_ms=self._latency.latency_ms(self.settings))

    def _report_loss(self) -> None:
        self._lost_device = self._device
        self._on_stale()
