"""Announcements about songs for screen readers, for a given sequence of job changes."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState
from desktop.stage import Stage
from desktop.text.message import verbatim
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.batches import BatchTracker
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.system.announcer import Announcer
from tests.helpers.jobs import make_job
from tests.helpers.pseudo_language import untranslated_words, use_pseudo_language

ERROR = "The file is damaged: its index is missing."


class AnnouncerHarness:
    """A job model and an announcer whose announcements are recorded."""

    def __init__(self) -> None:
        self.announcements: list[str] = []
        self.jobs = JobTableModel()
        self.activity = ActivityTracker(self.jobs, self.jobs)
        self.announcer = Announcer(BatchTracker(self.jobs, self.activity, self.jobs), self.announcements.append)
        for signal in (self.activity.membership_changed, self.activity.progress_changed):
            signal.connect(lambda: self.announcer.follow_batch(self.activity.batch))

    def add(self, *titles: str) -> list[Job]:
        jobs = [make_job(title) for title in titles]
        self.jobs.upsert_jobs(jobs)
        return jobs

    def set_progress(self, job: Job, progress: float) -> None:
        job = replace(job, state=JobState.PROCESSING, token=1, stage=Stage.SEPARATING, progress=progress)
        self.jobs.upsert_jobs([job])

    def finish(self, job: Job, state: JobState = JobState.COMPLETED) -> None:
        self.set_progress(job, 0.99)
        error = verbatim(ERROR) if state is JobState.FAILED else None
        self.jobs.upsert_jobs([replace(job, state=state, token=1, progress=1.0, error=error)])

    def end_interval(self) -> None:
        """End the minimum interval between two announcements."""
        self.announcer._interval_timer.stop()
        self.announcer._interval_timer.timeout.emit()


@pytest.fixture
def harness(qtbot: QtBot) -> AnnouncerHarness:
    return AnnouncerHarness()


def test_song_is_announced_at_each_quarter_and_at_its_end(harness: AnnouncerHarness) -> None:
    (song,) = harness.add("Vibe Ace")
    for percent in range(0, 100, 1):
        harness.set_progress(song, percent / 100)
        harness.end_interval()
    harness.finish(song)
    quarters = [f"Separating 1 of 1, {percent} percent." for percent in (25, 50, 75)]
    assert harness.announcements == [*quarters, "“Vibe Ace” has been separated."]


def test_failure_is_announced_with_its_reason(harness: AnnouncerHarness) -> None:
    song, _ = harness.add("Vibe Ace", "Night Drive")
    harness.finish(song, JobState.FAILED)
    harness.end_interval()
    assert f"“Vibe Ace” could not be separated. {ERROR}" in " ".join(harness.announcements)


def test_sixty_songs_that_end_at_once_make_two_announcements(harness: AnnouncerHarness) -> None:
    songs = harness.add(*(f"Song {number}" for number in range(60)))
    for number, song in enumerate(songs):
        harness.finish(song, JobState.FAILED if number in (7, 8) else JobState.COMPLETED)
    assert harness.announcements == [
        "“Song 0” has been separated.",
        "2 songs could not be separated. 57 songs have been separated.",
    ]


def test_cancelled_song_and_earlier_results_are_not_announced(harness: AnnouncerHarness) -> None:
    harness.jobs.upsert_jobs([make_job("Old", JobState.COMPLETED)])
    (song,) = harness.add("Vibe Ace")
    harness.finish(song, JobState.CANCELLED)
    assert not [announcement for announcement in harness.announcements if "percent" not in announcement]


def test_song_that_was_not_separated_again_is_no_separated_song(harness: AnnouncerHarness) -> None:
    song = make_job("Vibe Ace", JobState.COMPLETED)
    harness.jobs.upsert_jobs([replace(song, state=JobState.PENDING, earlier=song)])
    harness.jobs.upsert_jobs([replace(song, last_attempt=Attempt(JobState.FAILED, verbatim(ERROR)))])
    assert harness.announcements == [f"“Vibe Ace” could not be separated again. {ERROR} Its earlier stems are kept."]


def test_announcements_are_translated(harness: AnnouncerHarness) -> None:
    one, two, three, four = harness.add("1", "2", "3", "4")
    with use_pseudo_language():
        harness.finish(one)
        for job, state in ((two, JobState.FAILED), (three, JobState.COMPLETED), (four, JobState.COMPLETED)):
            harness.finish(job, state)
        harness.end_interval()
    assert len(harness.announcements) >= 2
    assert not untranslated_words(" ".join(harness.announcements).replace(ERROR, ""))
