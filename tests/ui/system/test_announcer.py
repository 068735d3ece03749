"""What a screen reader is told of the songs, for a given sequence of changes."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Job, JobState, Stage
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.pages.library.queue_estimate import BatchCounter
from desktop.ui.system.announcer import Announcer
from tests.helpers.window import make_job

WHY = "The file is damaged: its index is missing."


class Listener:
    """Somebody with a screen reader."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.jobs = JobTableModel()
        self.announcer = Announcer(self.jobs, self.heard.append)
        batches = BatchCounter()
        self.jobs.queue_changed.connect(
            lambda: self.announcer.follow_batch(
                batches.count(self.jobs.jobs, self.jobs.active_jobs, self.jobs.seconds_left)
            )
        )

    def add(self, *titles: str) -> list[Job]:
        jobs = [make_job(title) for title in titles]
        self.jobs.upsert_jobs(jobs)
        return jobs

    def run(self, job: Job, progress: float) -> None:
        job = replace(job, state=JobState.PROCESSING, token=1, stage=Stage.SEPARATING, progress=progress)
        self.jobs.upsert_jobs([job])

    def end(self, job: Job, state: JobState = JobState.COMPLETED) -> None:
        self.run(job, 0.99)
        error = WHY if state is JobState.FAILED else None
        self.jobs.upsert_jobs([replace(job, state=state, token=1, progress=1.0, error=error)])

    def wait(self) -> None:
        """Let the time pass between two announcements."""
        self.announcer._interval_timer.stop()
        self.announcer._interval_timer.timeout.emit()


@pytest.fixture
def listener(qtbot: QtBot) -> Listener:
    return Listener()


def test_a_song_is_heard_at_each_quarter_and_at_its_end(listener: Listener) -> None:
    (song,) = listener.add("Vibe Ace")
    for percent in range(0, 100, 1):
        listener.run(song, percent / 100)
        listener.wait()
    listener.end(song)
    quarters = [f"Separating 1 of 1, {percent} percent." for percent in (25, 50, 75)]
    assert listener.heard == [*quarters, "“Vibe Ace” is separated."]


def test_a_failure_is_heard_with_its_reason(listener: Listener) -> None:
    song, _ = listener.add("Vibe Ace", "Night Drive")
    listener.end(song, JobState.FAILED)
    listener.wait()
    assert f"“Vibe Ace” could not be separated. {WHY}" in " ".join(listener.heard)


def test_sixty_songs_at_once_are_two_announcements(listener: Listener) -> None:
    songs = listener.add(*(f"Song {number}" for number in range(60)))
    for number, song in enumerate(songs):
        listener.end(song, JobState.FAILED if number in (7, 8) else JobState.COMPLETED)
    assert listener.heard == [
        "“Song 0” is separated.",
        "2 songs could not be separated. 57 songs are separated.",
    ]


def test_what_is_the_user_s_own_doing_and_what_was_before_is_not_announced(listener: Listener) -> None:
    listener.jobs.upsert_jobs([make_job("Old", JobState.COMPLETED)])
    (song,) = listener.add("Vibe Ace")
    listener.end(song, JobState.CANCELLED)
    assert not [words for words in listener.heard if "percent" not in words]
