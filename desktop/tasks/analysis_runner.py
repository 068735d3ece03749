"""Analyses of songs: of the stems, and before there are any, of the draft.

They are made by the draft worker, which has a process of its own: no song waits for them, neither to become `completed`
nor to be separated, and torch is not needed.
"""

import logging
from collections.abc import Callable, Iterator
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from desktop.analysis.analyse import analyse_blocks, analyse_stems, harmonic_stems
from desktop.analysis.song_analysis import SongAnalysis
from desktop.errors import CancelledError, UnbraidError, UnknownJobError
from desktop.job_folders import JobFolder
from desktop.jobs.analysis_files import KeptAnalysis, load_analysis
from desktop.jobs.analysis_results import keep_analysis
from desktop.jobs.model import AnalysisInput, Job
from desktop.jobs.queue import EventSink
from desktop.jobs.rows import has_all_stem_files
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.segments.partial_result import COMPLETE_MARKER
from desktop.segments.store import SegmentStore
from desktop.tasks.draft_runner import Watchdog

# Seconds without progress after which the watchdog ends the process: the last step of a song of hours takes a while.
_STALL_TIMEOUT_S = 600.0
_BLOCK_FRAMES = 65_536
# What damaged or deleted files raise: soundfile's errors are RuntimeErrors.
_INPUT_ERRORS = (UnbraidError, OSError, RuntimeError, ValueError, TypeError, LookupError)
_log = logging.getLogger(__name__)


class AnalysisOutcome(Enum):
    """How an analysis ended."""

    ANALYSED = "analysed"
    INTERRUPTED = "interrupted"
    """Something more urgent waits: the analysis is to be made again later."""
    DROPPED = "dropped"
    """There was nothing to analyse, or the analysis failed."""


class AnalysisRunner:
    """Analyses the songs of one library."""

    def __init__(self, home: Home, store: JobStore, events: EventSink, should_stop: Callable[[], bool]) -> None:
        """`should_stop` returns True if an analysis in work shall step aside; it is asked for every block."""
        self._home = home
        self._store = store
        self._events = events
        self._should_stop = should_stop

    def run(self, job_id: str) -> AnalysisOutcome:
        """Analyse the song of a job, unless it has been analysed, and return how that ended. Raises StorageError."""
        try:
            job = self._store.job(job_id)
        except UnknownJobError:
            return AnalysisOutcome.DROPPED
        folder = self._home.job_folder(job_id)
        made_from = _choose_input(job, folder)
        if made_from is None or not self._store.analyses.begin(job_id, made_from):
            return AnalysisOutcome.DROPPED
        try:
            analysis = self._kept_analysis(folder, made_from) or self._analyse(job, folder, made_from)
            keep_analysis(self._home, self._store, self._events, job, KeptAnalysis(analysis, made_from))
        except CancelledError:
            self._store.analyses.interrupt(job_id)
            return AnalysisOutcome.INTERRUPTED
        except _INPUT_ERRORS as error:
            _log.warning("Analysis of the %s of job %s failed: %s", made_from, job_id, error)
            return AnalysisOutcome.DROPPED
        return AnalysisOutcome.ANALYSED

    def _kept_analysis(self, folder: JobFolder, made_from: AnalysisInput) -> SongAnalysis | None:
        """Return the analysis that the folder has already, as after the database was rebuilt."""
        kept = load_analysis(folder)
        return kept.analysis if kept and kept.made_from in (made_from, AnalysisInput.STEMS) else None

    def _analyse(self, job: Job, folder: JobFolder, made_from: AnalysisInput) -> SongAnalysis:
        with Watchdog(_STALL_TIMEOUT_S) as watchdog:

            def should_stop() -> bool:
                watchdog.reset()
                return self._should_stop()

            if made_from is AnalysisInput.DRAFT:
                store = SegmentStore.open(folder.draft)
                manifest = store.manifest
                return analyse_blocks(manifest.sample_rate, manifest.frames, _read_draft(store), should_stop)
            return analyse_stems({stem.name: stem.path for stem in job.stems}, should_stop)


def _choose_input(job: Job, folder: JobFolder) -> AnalysisInput | None:
    """Return what the song can be analysed from; None if it has neither stems nor a complete draft."""
    if not job.wants_analysis:
        return None
    if job.result is not None and has_all_stem_files(job.result):
        return AnalysisInput.STEMS
    return AnalysisInput.DRAFT if (folder.draft / COMPLETE_MARKER).exists() else None


def _read_draft(store: SegmentStore) -> Iterator[tuple[NDArray[np.floating], NDArray[np.floating]]]:
    """Yield blocks of a complete draft, mono: the mixture, and the stems that play the chords."""
    names, frames = store.manifest.sources, store.manifest.frames
    chord_stems = [names.index(name) for name in names if name in harmonic_stems(names)]
    for start in range(0, frames, _BLOCK_FRAMES):
        stems = store.read(start, min(_BLOCK_FRAMES, frames - start)).mean(axis=2)
        yield stems.sum(axis=1), stems[:, chord_stems].sum(axis=1)
