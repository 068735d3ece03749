"""The partial result of a job that is being separated: the model's finished segments and the draft."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.segments.store import SegmentStore

COMPLETE_MARKER = "complete"
"""File name that marks a store as complete."""


class PartialResult:
    """Both stores of one job, either of which may not exist yet.

    A store keeps its last known state when its folder is gone. A missing folder does not tell whether the job ended or
    was restarted: the job's row in the library does.
    """

    def __init__(self, segments: Path, draft: Path) -> None:
        """Watch `segments`, which has one folder for each set of options that a run was started with, and `draft`."""
        self._segments = segments
        self._draft = draft
        self.final: SegmentStore | None = None
        self.draft: SegmentStore | None = None

    def refresh(self) -> bool:
        """Look for new stores and finished segments. Return True if there were any."""
        before = (self.final, self.draft)
        self.final = self._newest_store(self.final)
        self.draft = _open_if_changed(self._draft, self.draft)
        have_grown = [bool(store.refresh()) for store in (self.final, self.draft) if store]
        return before != (self.final, self.draft) or any(have_grown)

    def reload(self) -> None:
        """Discard the known stores and look again, for a reader that found a file missing."""
        self.final = self.draft = None
        self.refresh()

    @property
    def primary(self) -> "SegmentStore | None":
        """The store that determines the stems: the model's as soon as it exists, else the draft."""
        return self.final or self.draft

    @property
    def compatible_draft(self) -> "SegmentStore | None":
        """The draft, if it has the sample rate of the model's segments; else None."""
        is_compatible = (
            self.draft and self.primary and self.draft.manifest.sample_rate == self.primary.manifest.sample_rate
        )
        return self.draft if is_compatible else None

    def _newest_store(self, known: "SegmentStore | None") -> "SegmentStore | None":
        with suppress(OSError):
            for folder in sorted(self._segments.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True):
                return _open_if_changed(folder, known)
        return known


def _open_if_changed(folder: Path, known: "SegmentStore | None") -> "SegmentStore | None":
    """Return the store in `folder`, or `known` if its manifest is the same or there is no store."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        from desktop.segments.store import SegmentStore  # imports NumPy, which the window does not need to start

        manifest = SegmentStore.read_manifest(folder)
        if known and known.folder == folder and known.manifest == manifest:
            return known
        return SegmentStore.open(folder)
    return known
