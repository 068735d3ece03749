"""Analyses of songs: made once, of the best input there is, and given up on after three attempts."""

import logging
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from desktop.analysis.edits import AnalysisEdits
from desktop.analysis.harmony import Key
from desktop.jobs.analyses import MAX_ATTEMPTS
from desktop.jobs.analysis_files import load_analysis
from desktop.jobs.model import AnalysisInput, Job, JobState, Stem
from desktop.jobs.queue import AnalysisChanged, JobChanged, JobEvent
from desktop.jobs.recovery import rebuild_jobs
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.playback.song_state import SongState
from desktop.runtime.processes import own_environment
from desktop.tasks.analysis_runner import AnalysisOutcome, AnalysisRunner
from desktop.tasks.draft_runner import DraftRunner
from desktop.ui.pages.player.song_loader import SongStateStore
from tests.helpers.music import KEY_NAME, TEMPO_BPM, write_music
from tests.helpers.queue import NullEvents
from tests.helpers.rows import claim_job, complete_job
from tests.helpers.window import RecordingQueue

# A process that analyses a song and crashes in native code.
CRASHING = """
import ctypes, sys
from pathlib import Path
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.tasks.analysis_runner import AnalysisRunner
from tests.helpers.queue import NullEvents

home = Home(Path(sys.argv[1]))
crash = lambda: ctypes.string_at(0)
print(AnalysisRunner(home, JobStore(home), NullEvents(), crash).run(sys.argv[2]).value)
"""


@dataclass
class Library:
    """A library whose songs the test analyses itself."""

    home: Home
    music: Path
    events: list[JobEvent] = field(default_factory=list[JobEvent])

    def __post_init__(self) -> None:
        self.store = JobStore(self.home)
        self.queue = RecordingQueue()
        self.service = JobService(self.home, self.store, self.queue, self)

    def emit(self, event: JobEvent) -> None:
        self.events.append(event)

    def runner(self, stops: bool = False) -> AnalysisRunner:
        return AnalysisRunner(self.home, self.store, self, lambda: stops)

    def analyse(self, job: Job, stops: bool = False) -> AnalysisOutcome:
        return self.runner(stops).run(job.id)

    def add(self) -> Job:
        return self.service.add(self.music)

    def add_drafted(self) -> Job:
        job = self.add()
        assert DraftRunner(self.home, self.store, NullEvents()).run(job.id)
        return job

    def complete(self, job: Job) -> Job:
        """Complete the job with two stems that are the song itself and silence's worth of it."""
        owned = claim_job(self.store, job)
        run = self.home.job_folder(job.id).result_folder(owned.token)
        run.mkdir(parents=True)
        stems = tuple(Stem(name, run / f"{name}.wav", run / f"{name}.peaks") for name in ("drums", "other"))
        for stem in stems:
            shutil.copyfile(self.music, stem.path)
        assert self.store.ownership.complete(owned, stems, (), elapsed=1.0, seconds=16.0)
        return self.store.job(job.id)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_music(tmp_path_factory.mktemp("music") / "song.wav")


@pytest.fixture
def library(tmp_path: Path, music: Path) -> Library:
    return Library(Home(tmp_path / "library").create_folders(), music)


def test_song_with_stems_is_analysed_once_and_its_row_and_the_window_learn_of_it(library: Library) -> None:
    job = library.complete(library.add())
    assert library.analyse(job) is AnalysisOutcome.ANALYSED
    row = library.store.job(job.id)
    assert row.tempo_bpm == pytest.approx(TEMPO_BPM, rel=0.01)
    assert row.key == Key.parse(KEY_NAME)
    assert row.analysed is AnalysisInput.STEMS
    assert library.events[-1] == AnalysisChanged(job.id, AnalysisInput.STEMS)
    kept = load_analysis(library.home.job_folder(job.id))
    assert kept is not None
    assert (kept.made_from, kept.analysis.key) == (AnalysisInput.STEMS, row.key)
    assert SongStateStore(library.home).load_analysis(job.id) == kept.analysis, "as the player reads it"
    assert library.analyse(job) is AnalysisOutcome.DROPPED
    assert library.store.analyses.next_due() is None


def test_analysis_of_the_draft_is_the_first_and_that_of_the_stems_replaces_it(library: Library) -> None:
    job = library.add_drafted()
    assert library.analyse(job) is AnalysisOutcome.ANALYSED
    row = library.store.job(job.id)
    assert (row.state, row.analysed) == (JobState.PENDING, AnalysisInput.DRAFT)
    assert row.tempo_bpm == pytest.approx(TEMPO_BPM, rel=0.01)
    assert library.analyse(job) is AnalysisOutcome.DROPPED
    library.complete(job)
    assert library.analyse(job) is AnalysisOutcome.ANALYSED
    assert library.store.job(job.id).analysed is AnalysisInput.STEMS
    library.store.analyses.finish(job.id, AnalysisInput.DRAFT, 60.0, None)
    assert library.store.job(job.id).tempo_bpm == pytest.approx(TEMPO_BPM, rel=0.01), "a late draft replaces nothing"


def test_song_without_stems_and_draft_is_not_analysed(library: Library) -> None:
    job = library.add()
    assert library.analyse(job) is AnalysisOutcome.DROPPED
    assert library.runner().run("00000000-0000-4000-8000-000000000000") is AnalysisOutcome.DROPPED
    assert not library.home.job_folder(job.id).analysis.exists()


def test_interrupted_analysis_is_no_failed_attempt(library: Library) -> None:
    job = library.complete(library.add())
    for _ in range(MAX_ATTEMPTS + 1):
        assert library.analyse(job, stops=True) is AnalysisOutcome.INTERRUPTED
    assert library.analyse(job) is AnalysisOutcome.ANALYSED


def test_failed_analysis_is_logged_fails_no_song_and_is_given_up_until_the_song_is_separated_again(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    job = complete_job(library.home, library.store, library.add())  # stem files that are no audio
    with caplog.at_level(logging.WARNING):
        for _ in range(MAX_ATTEMPTS):
            due = library.store.analyses.next_due()
            assert due is not None
            assert library.analyse(due) is AnalysisOutcome.DROPPED
    assert caplog.text.count(f"Analysis of the stems of job {job.id} failed") == MAX_ATTEMPTS
    assert library.store.analyses.next_due() is None
    assert library.store.job(job.id).state is JobState.COMPLETED
    library.service.separate_again(job.id)
    library.complete(job)
    assert library.analyse(job) is AnalysisOutcome.ANALYSED


def test_song_that_crashes_its_process_is_given_up_and_the_next_one_is_analysed(library: Library) -> None:
    deadly, harmless = library.complete(library.add()), library.complete(library.add())
    command = [sys.executable, "-c", CRASHING, str(library.home.root), deadly.id]
    for expected in [-11] * MAX_ATTEMPTS + [0]:
        result = subprocess.run(command, env=own_environment(), capture_output=True, timeout=60, check=False)
        assert result.returncode == expected
    assert library.analyse(deadly) is AnalysisOutcome.DROPPED
    assert library.analyse(harmless) is AnalysisOutcome.ANALYSED


def test_row_shows_what_the_user_corrected_before(library: Library) -> None:
    job = library.complete(library.add())
    corrected = SongState(edits=AnalysisEdits(key=Key.parse("Bb major")))
    library.home.job_folder(job.id).song_state.write_bytes(corrected.to_json())
    library.analyse(job)
    assert library.store.job(job.id).key == Key.parse("Bb major")
    kept, shown = load_analysis(library.home.job_folder(job.id)), library.service.corrected_analysis(job)
    assert kept is not None
    assert shown is not None
    assert (kept.analysis.key, shown.key) == (Key.parse(KEY_NAME), Key.parse("Bb major"))


def test_row_follows_a_correction_in_the_player(library: Library) -> None:
    job = library.complete(library.add())
    library.analyse(job)
    library.service.set_song_tempo_and_key(job.id, 60.0, Key.parse("F# minor"))
    row = library.store.job(job.id)
    assert (row.tempo_bpm, row.key, row.analysed) == (60.0, Key.parse("F# minor"), AnalysisInput.STEMS)
    assert library.events[-1] == JobChanged(job.id)
    library.service.set_song_tempo_and_key(job.id, None, None)
    row = library.store.job(job.id)
    assert (row.tempo_bpm, row.key) == (None, None)


def test_analysis_survives_a_damaged_database(library: Library) -> None:
    job = library.complete(library.add())
    library.analyse(job)
    analysed = library.store.job(job.id)
    (rebuilt,) = rebuild_jobs(library.home)
    assert (rebuilt.tempo_bpm, rebuilt.key, rebuilt.analysed) == (analysed.tempo_bpm, analysed.key, analysed.analysed)


def test_kept_analysis_is_used_instead_of_a_new_one_if_its_row_was_lost(library: Library) -> None:
    job = library.complete(library.add())
    library.analyse(job)
    analysed = library.store.job(job.id)
    library.service.remove_jobs([job.id])
    library.store.delete_from_bin([job.id])
    library.store.insert(replace(analysed, tempo_bpm=None, key=None, analysed=None))
    for stem in analysed.stems:
        stem.path.write_bytes(b"no audio any more")
    assert library.analyse(job) is AnalysisOutcome.ANALYSED
    assert library.store.job(job.id).tempo_bpm == analysed.tempo_bpm


@pytest.mark.parametrize("content", [b"", b"{}", b'{"made_from": "tea"}', b"[" * 100_000, b"\xff"])
def test_damaged_analysis_file_counts_as_none(library: Library, content: bytes) -> None:
    job = library.complete(library.add())
    folder = library.home.job_folder(job.id)
    folder.analysis.write_bytes(content)
    assert load_analysis(folder) is None
    assert library.service.corrected_analysis(job) is None


def test_song_is_requested_only_if_it_lacks_an_analysis(library: Library) -> None:
    job = library.complete(library.add())
    library.service.request_analysis(job.id)
    library.analyse(job)
    library.service.request_analysis(job.id)
    assert library.queue.analyses == [job.id]


def test_song_whose_analysis_file_was_damaged_is_analysed_again_when_it_is_shown(library: Library) -> None:
    job = library.complete(library.add())
    library.analyse(job)
    folder = library.home.job_folder(job.id)
    found = load_analysis(folder)
    folder.analysis.write_bytes(b'{"grid": {"beats": [1, 1')
    library.service.request_analysis(job.id)
    assert library.queue.analyses == [job.id]
    assert library.analyse(job) is AnalysisOutcome.ANALYSED
    assert load_analysis(folder) == found
    library.service.request_analysis(job.id)
    assert library.queue.analyses == [job.id]
