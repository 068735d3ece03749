"""Mix of each track's lanes, kept while the window is open."""

from dataclasses import dataclass

from desktop.audio.stems import sort_stem_names
from desktop.jobs.model import Job, Stem
from desktop.playback.transport import Transport


@dataclass(frozen=True)
class LaneMix:
    """Level in dB, mute and solo of one lane."""

    gain_db: float = 0.0
    muted: bool = False
    soloed: bool = False


class MixStore:
    """Saved mix and playhead of each track."""

    def __init__(self) -> None:
        self._saved: dict[str, tuple[float, dict[str, LaneMix]]] = {}

    def save(self, key: str, transport: Transport) -> None:
        """Save mix and playhead of the loaded track."""
        mixes = {
            name: LaneMix(transport.gain_db(n), transport.is_muted(n), transport.is_soloed(n))
            for n, name in enumerate(transport.lane_names)
        }
        self._saved[key] = (transport.position / transport.sample_rate, mixes)

    def restore(self, key: str, transport: Transport) -> None:
        """Restore mix and playhead of the loaded track; without saved ones use unity gain and the start."""
        second, mixes = self._saved.get(key, (0.0, {}))
        for lane, name in enumerate(transport.lane_names):
            mix = mixes.get(name, LaneMix())
            transport.set_gain_db(lane, mix.gain_db)
            transport.set_mute(lane, mix.muted)
            transport.set_solo(lane, mix.soloed)
        transport.seek(min(round(second * transport.sample_rate), transport.frames))


def stems_in_lane_order(job: Job) -> list[Stem]:
    """Return the stems of a job in the order of the lanes."""
    order = sort_stem_names(stem.name for stem in job.stems)
    return sorted(job.stems, key=lambda stem: order.index(stem.name))
