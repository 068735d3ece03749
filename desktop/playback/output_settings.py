"""Settings of the sound output, as a frozen value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from desktop.playback.mix import CLICK_LANE, ORIGINAL_LANE
from desktop.settings import Settings, valid_settings

DEFAULT_LATENCY_MS = 80
"""Requested latency in milliseconds. While both cores separate, 40 lets a sound card run dry now and then."""
MAX_LATENCY_MS = 160


@dataclass(frozen=True)
class OutputSettings:
    """Device that plays, its latency, and the stereo pair of the device that each lane is sent to."""

    device: str = ""
    """Name of an `OutputDevice`; empty for the system's default, also while the named one is not connected."""
    latency_ms: int = DEFAULT_LATENCY_MS
    """Requested latency in milliseconds; the device may choose another."""
    routing: Mapping[str, int] = field(default_factory=dict[str, int])
    """First channel of the stereo pair of a lane by name: 1, 3, 5, …"""
    first_channel: int = 1
    """First channel of the pair of the lanes that `routing` does not name."""
    max_latency_ms: int = MAX_LATENCY_MS
    """Latency in milliseconds up to which `latency_ms` is doubled while the device underflows."""

    def __post_init__(self) -> None:
        """Copy the routing, so that a later change of the mapping does not change the settings."""
        object.__setattr__(self, "routing", dict(self.routing))

    @classmethod
    def of(cls, settings: Settings) -> "OutputSettings":
        """Return the output that the user has chosen."""
        valid = valid_settings(settings)
        routing = {ORIGINAL_LANE: valid.original_output, CLICK_LANE: valid.click_output}
        return cls(valid.output_device, valid.latency_ms, routing, valid.stems_output)

    def channels(self, names: Sequence[str]) -> int:
        """Return the number of channels that a device needs for the lanes `names`."""
        return 2 * (max(self._pairs(names), default=0) + 1)

    def lane_pairs(self, names: Sequence[str], channels: int) -> list[int]:
        """Return the index of the stereo pair of each lane on a device that has only `channels` channels.

        A lane whose pair the device does not have is sent to the first.
        """
        return [pair if 2 * (pair + 1) <= channels else 0 for pair in self._pairs(names)]

    def _pairs(self, names: Sequence[str]) -> list[int]:
        return [max(0, self.routing.get(name, self.first_channel) - 1) // 2 for name in names]
