"""What there is of a song that is still in work: the model's finished segments, and the draft around them."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.segments.store import SegmentStore

COMPLETE = "complete"
"""Marks a store that nothing will be added to."""


class Unfinished:
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

    def look(self) -> bool:
        """Find what came since the last look. True when there was anything."""
        before = (self.final, self.draft)
        self.final = self._newest(self.final)
        self.draft = _followed(self._draft, self.draft)
        grown = [bool(store.look()) for store in (self.final, self.draft) if store]
        return before != (self.final, self.draft) or any(grown)

    def look_anew(self) -> None:
        """Know nothing but what is there now: for a reader that found a file gone."""
        self.final = self.draft = None
        self.look()

    @property
    def leading(self) -> "SegmentStore | None":
        """The store that says which stems there are: the model's, once it has begun."""
        return self.final or self.draft

    @property
    def beside(self) -> "SegmentStore | None":
        """The draft, where it can be heard beside the model's segments."""
        fits = self.draft and self.leading and self.draft.about.sample_rate == self.leading.about.sample_rate
        return self.draft if fits else None

    def _newest(self, known: "SegmentStore | None") -> "SegmentStore | None":
        with suppress(OSError):
            for folder in sorted(self._segments.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True):
                return _followed(folder, known)
        return known


def _followed(folder: Path, known: "SegmentStore | None") -> "SegmentStore | None":
    """Return the store in `folder`; the known one while that is about the same, and when there is none."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        from desktop.segments.store import SegmentStore  # with NumPy, which the window comes up without

        about = SegmentStore.read_about(folder)
        if known and known.folder == folder and known.about == about:
            return known
        return SegmentStore.open(folder)
    return known
