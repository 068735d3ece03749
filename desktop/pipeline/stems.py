"""The stems' files, written side by side block by block, and their peaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.audio.mixture import Mixture
from desktop.audio.names import safe_name, shown
from desktop.audio.peaks import PeakWriter
from desktop.audio.write import AudioWriter
from desktop.errors import StorageError
from desktop.pipeline import consistency
from desktop.pipeline.null import stems_together
from desktop.pipeline.plan import Plan
from desktop.pipeline.spool import Block

_BECAME_FLOAT = "A stem is louder than {depth}-bit files can hold, so all stems were written as 32-bit float WAV."


@dataclass(frozen=True)
class StemFile:
    """One stem on disk."""

    name: str
    """As the engine calls the source."""
    path: Path
    peaks: Path


class StemFiles:
    """Takes blocks of separated stems in order; gives files that sum to the mixture, if the plan says so."""

    def __init__(self, folder: Path, sources: Sequence[str], mixture: Mixture, plan: Plan) -> None:
        self._mixture = mixture
        self._plan = plan
        self._stems = [_stem_file(folder, source, plan) for source in sources]
        self._remainder = consistency.Remainder(len(sources), mixture.sample_rate)
        self._given = 0
        self._writers: list[AudioWriter] = []
        self._peaks: list[PeakWriter] = []
        self._aside: list[Path] = []
        self._ours = False
        self.notices: tuple[str, ...] = ()

    def write_all(self, blocks: Iterable[Block]) -> None:
        """Make the files and take all blocks. Raises as `open`."""
        self.open()
        for block in blocks:
            self.write(block)

    def open(self) -> None:
        """Make the files. Raises StorageError, and leaves them be, when files of these names are there already.

        `abort` cleans up what there is of them, also when this raises.
        """
        for path in (path for stem in self._stems for path in (stem.path, stem.peaks)):
            if path.exists():
                raise StorageError(f"{shown(path.name)} is there already, and was left as it is.")
        self._ours = True
        for stem in self._stems:
            self._peaks.append(PeakWriter(stem.peaks))
        self._open_writers()

    def write(self, stems: Block) -> None:
        """Take the next block `[sources, channels, n]` of the engine's stems, at the mixture's rate."""
        original = self._mixture.read(self._given, stems.shape[-1])
        values = self._settled(stems, original)
        if self._plan.clips(values):
            self._become_float()
        values = self._held(values, original)
        self._put(values)
        for peaks, stem in zip(self._peaks, values, strict=True):
            peaks.add(stem)
        self._given += stems.shape[-1]

    def close(self) -> tuple[StemFile, ...]:
        """Finish the files and move them in place."""
        for writer in self._writers:
            writer.close()
        for peaks in self._peaks:
            peaks.close()
        return tuple(self._stems)

    def abort(self) -> None:
        """Delete whatever there is of the files."""
        for writer in self._writers:
            writer.abort()
        for peaks in self._peaks:
            peaks.abort()
        if not self._ours:
            return
        for path in (*self._aside, *(path for stem in self._stems for path in (stem.path, stem.peaks))):
            path.unlink(missing_ok=True)

    def _settled(self, stems: Block, original: NDArray[np.floating]) -> Block:
        """The stems as they are to be heard: made to sum to the original, and on the steps of the plan."""
        plan = self._plan
        if plan.exact:
            stems = self._remainder.share(stems, original)
        if plan.bits is None:
            return stems
        if plan.exact:
            return consistency.to_steps_that_sum(stems, original, plan.bits)
        return consistency.to_steps(stems, plan.bits)

    def _held(self, values: Block, original: NDArray[np.floating]) -> Block:
        """What the files hold of these values."""
        if not self._plan.is_float:
            return values
        if self._plan.exact:
            return consistency.to_float32_that_sums(values, original).astype(np.float64)
        return values.astype(np.float32).astype(np.float64)

    def _put(self, values: Block) -> None:
        for writer, stem in zip(self._writers, values, strict=True):
            writer.write(stem)

    def _open_writers(self) -> None:
        mixture, plan = self._mixture, self._plan
        self._writers = []
        for stem in self._stems:
            writer = AudioWriter(
                stem.path, mixture.sample_rate, mixture.channels, mixture.frames, plan.format, plan.depth
            )
            self._writers.append(writer)

    def _become_float(self) -> None:
        """Go on in float files, after copying into them what was written so far."""
        self._set_aside()
        self.notices = (_BECAME_FLOAT.format(depth=self._plan.depth),)
        self._plan = self._plan.as_float()
        self._stems = [replace(stem, path=stem.path.with_suffix(".wav")) for stem in self._stems]
        self._open_writers()
        self._copy_back()

    def _set_aside(self) -> None:
        """Keep what was written so far, if anything was, under other names."""
        for writer, stem in zip(self._writers, self._stems, strict=True):
            if self._given:
                writer.close()
                self._aside.append(stem.path.replace(stem.path.with_name(f"{stem.path.name}.aside")))
            else:
                writer.abort()

    def _copy_back(self) -> None:
        done = 0
        for values in stems_together(self._aside, self._mixture.channels, self._given):
            original = self._mixture.read(done, values.shape[-1])
            self._put(self._held(values, original))
            done += values.shape[-1]
        for path in self._aside:
            path.unlink()
        self._aside = []


def _stem_file(folder: Path, source: str, plan: Plan) -> StemFile:
    name = safe_name(source)
    return StemFile(source, folder / f"{name}.{plan.format}", folder / f"{name}.peaks")
