"""Request for one run of the pipeline."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """Request to separate one track: its file, and how the stems are written."""

    source: Path
    """Path of the track."""
    folder: Path
    """Folder of the stems and their peaks, created if missing. Holds the decoded mixture during the run."""
    format: str
    """Container: "wav", "flac" or "mp3"."""
    bits: str | None
    """Bit depth: "16", "24" or "32f"; None follows the source."""
    sum_mode: str
    """Either "exact" (the stems sum to the source sample for sample) or "raw" (the engine's output)."""
    mixture_peaks: Path
    """File for the peaks of the mixture, written as soon as it is decoded."""
    segments: Path | None = None
    """Folder that keeps finished segments, so that the same request can resume; None deletes them after the run."""
    key: str = ""
    """Identifies the rest that the segments depend on, beyond this request and the engine's name: track, model file."""
    overlap: float = 0.25
    """Fraction of a segment that it shares with the next, for engines that take it (`Segmentation.takes_overlap`)."""
    shifts: int = 0
    """Number of passes with different shifts that are averaged; 0 for one pass without shift."""
    copies: Path | None = None
    """Folder for copies of the stems, made after the run; it must have room for them."""

    @property
    def segments_folder(self) -> Path:
        """Folder of the finished segments during the run."""
        return self.segments or self.folder / "segments"
