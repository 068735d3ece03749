"""Analyses by the real workers: after the draft, after separation, and of songs that were separated without a window."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.jobs.analysis_files import load_analysis
from desktop.jobs.model import AnalysisInput, Job, JobOptions, JobState
from tests.helpers.command import run_unbraid
from tests.helpers.library import RunningLibrary, running_library
from tests.helpers.music import KEY_NAME, TEMPO_BPM, write_music
from tests.helpers.resume import find_draft_worker, find_worker

SKETCH = JobOptions(model="sketch")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_music(tmp_path_factory.mktemp("music") / "song.wav")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Path:
    """Return a library with a song that was separated without a second worker, as the terminal does."""
    root = tmp_path_factory.mktemp("library")
    with running_library(root) as library:
        job = library.wait_for(library.service.add(music, SKETCH), JobState.COMPLETED)
        assert job.analysed is None
    return root


@pytest.fixture(scope="module")
def library(root: Path) -> Iterator[RunningLibrary]:
    with running_library(root, drafts=True) as library:
        yield library


def wait_for_analysis(library: RunningLibrary, job: Job, made_from: AnalysisInput) -> Job:
    library.wait_until(lambda: library.service.job(job.id).analysed is made_from)
    return library.service.job(job.id)


def test_song_of_an_earlier_version_is_analysed_while_nothing_else_is_to_do(library: RunningLibrary) -> None:
    (earlier,) = library.service.jobs()
    job = wait_for_analysis(library, earlier, AnalysisInput.STEMS)
    assert job.tempo_bpm == pytest.approx(TEMPO_BPM, rel=0.01)
    assert job.key is not None
    assert job.key.name == KEY_NAME


def test_draft_and_then_stems_are_analysed_and_the_window_is_told(library: RunningLibrary, music: Path) -> None:
    library.service.pause_queue()
    job = library.service.add(music, SKETCH)
    library.service.request_draft(job.id)
    assert wait_for_analysis(library, job, AnalysisInput.DRAFT).state is JobState.PENDING
    library.service.resume_queue()
    done = wait_for_analysis(library, job, AnalysisInput.STEMS)
    assert done.state is JobState.COMPLETED
    kept = load_analysis(library.home.job_folder(job.id))
    assert kept is not None
    assert kept.made_from is AnalysisInput.STEMS
    library.wait_until(
        lambda: (
            [event.analysed for event in library.analyses if event.job_id == job.id]
            == [AnalysisInput.DRAFT, AnalysisInput.STEMS]
        )
    )


def test_worker_that_is_killed_is_replaced_and_the_song_analysed(library: RunningLibrary, music: Path) -> None:
    draft_worker, worker = find_draft_worker(library.home.root), find_worker(library.home.root)
    draft_worker.suspend()
    job = library.wait_for(library.service.add(music, SKETCH), JobState.COMPLETED)
    assert job.analysed is None, "a song is completed without its analysis"
    draft_worker.kill()
    wait_for_analysis(library, job, AnalysisInput.STEMS)
    assert find_worker(library.home.root) == worker


def test_command_prints_the_kept_analysis_of_a_song(library: RunningLibrary) -> None:
    (job, *_) = library.service.jobs()
    library.wait_until(lambda: library.service.job(job.id).analysed is AnalysisInput.STEMS)
    result = run_unbraid(library.home.root, "analyse", job.id[:8], "--json")
    (printed,) = result.json_lines
    assert printed["key"] == KEY_NAME
    assert printed["tempo"] == pytest.approx(library.service.job(job.id).tempo_bpm, abs=0.001)
