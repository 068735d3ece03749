"""How a song's lanes are mixed, remembered while the window is open."""

from dataclasses import dataclass

from desktop.playback.transport import Transport


@dataclass(frozen=True)
class LaneMix:
    """One lane's controls."""

    gain_db: float = 0.0
    muted: bool = False
    soloed: bool = False


class MixMemory:
    """Gives a song back the mix and the place it had when it was left."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, dict[str, LaneMix]]] = {}

    def keep(self, key: str, transport: Transport) -> None:
        """Remember how the loaded song is mixed."""
        mixes = {
            name: LaneMix(transport.gain_db(n), transport.muted(n), transport.soloed(n))
            for n, name in enumerate(transport.lanes)
        }
        self._kept[key] = (transport.position / transport.sample_rate, mixes)

    def restore(self, key: str, transport: Transport) -> None:
        """Mix the loaded song as it was; a song never seen before is left at unity from the start."""
        second, mixes = self._kept.get(key, (0.0, {}))
        for lane, name in enumerate(transport.lanes):
            mix = mixes.get(name, LaneMix())
            transport.set_gain_db(lane, mix.gain_db)
            transport.set_mute(lane, mix.muted)
            transport.set_solo(lane, mix.soloed)
        transport.seek(min(round(second * transport.sample_rate), transport.frames))
