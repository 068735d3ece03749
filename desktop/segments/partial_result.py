"""What there is of a song that is still in work: the model's finished segments, and the draft around them."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.segments.store import SegmentStore

COMPLETE_MARKER = "complete"
"""Marks a store that nothing will be added to."""


class PartialResult:
    """Both stores of one job, either of which may not be there yet.

    A store that was found stays as it was known when its folder is gone. That tells nothing about the job, which has
    ended or is begun anew: the row in the library does, sooner or later.
    """

    def __init__(self, segments: Path, draft: Path) -> None:
        """`segments` holds one folder for every way in which the song was begun to be separated."""
        self._segments = segments
        self._draft = draft
        self.final: SegmentStore | None = None
        self.draft: SegmentStore | None = None

    def refresh(self) -> bool:
        """Find what came since the last look. True when there was anything."""
        before = (self.final, self.draft)
        self.final = self._newest_store(self.final)
        self.draft = _open_if_changed(self._draft, self.draft)
        have_grown = [bool(store.refresh()) for store in (self.final, self.draft) if store]
        return before != (self.final, self.draft) or any(have_grown)

    def reload(self) -> None:
        """Know nothing but what is there now: for a reader that found a file gone."""
        self.final = self.draft = None
        self.refresh()

    @property
    def primary(self) -> "SegmentStore | None":
        """The store that says which stems there are: the model's, once it has begun."""
        return self.final or self.draft

    @property
    def compatible_draft(self) -> "SegmentStore | None":
        """The draft, where it can be heard beside the model's segments."""
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
    """Return the store in `folder`; the known one while that is about the same, and when there is none."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        from desktop.segments.store import SegmentStore  # with NumPy, which the window comes up without

        manifest = SegmentStore.read_manifest(folder)
        if known and known.folder == folder and known.manifest == manifest:
            return known
        return SegmentStore.open(folder)
    return known
