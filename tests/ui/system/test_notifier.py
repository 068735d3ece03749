"""What is told by notifications, for a given sequence of changes, and that the desktop gets it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from shutil import which

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState
from desktop.ui.pages.library.batches import BatchTracker
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.system.notifications import Notification, Notifier
from tests.helpers.command import ROOT
from tests.helpers.window import make_job

WHY = "The file is damaged: its index is missing."


class Desk:
    """Somebody who looks at the window, or not; and what they are told."""

    def __init__(self) -> None:
        self.told: list[Notification] = []
        self.in_front = False
        self.jobs = JobTableModel()
        self.batches = BatchTracker(self.jobs)
        self.notifier = Notifier(self.batches, lambda: self.in_front, self.told.append)

    def add(self, *titles: str) -> list[Job]:
        jobs = [make_job(title) for title in titles]
        self.jobs.upsert_jobs(jobs)
        return jobs

    def end(self, job: Job, state: JobState = JobState.COMPLETED) -> None:
        self.jobs.upsert_jobs([replace(job, state=JobState.PROCESSING, token=1)])
        error = WHY if state is JobState.FAILED else None
        self.jobs.upsert_jobs([replace(job, state=state, token=1, error=error)])

    @property
    def headings(self) -> list[str]:
        return [news.heading for news in self.told]


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk()


def test_of_songs_that_are_separated_again_only_those_with_new_stems_are_done(desk: Desk) -> None:
    kept, cancelled, done = (make_job(title, JobState.COMPLETED) for title in ("kept", "cancelled", "done"))
    desk.jobs.upsert_jobs([replace(job, state=JobState.PENDING, earlier=job) for job in (kept, cancelled, done)])
    desk.jobs.upsert_jobs([replace(cancelled, last_attempt=Attempt(JobState.CANCELLED))])
    desk.jobs.upsert_jobs([replace(kept, last_attempt=Attempt(JobState.FAILED, WHY))])
    assert desk.told == [Notification("“kept” could not be separated again", WHY)]
    desk.jobs.upsert_jobs([done])
    assert desk.told[1:] == [Notification("“done” is separated", "1 song could not be separated. The list says why.")]


def test_a_batch_is_told_once_when_its_last_song_is_done(desk: Desk) -> None:
    one, two, three = desk.add("one", "two", "three")
    desk.end(one)
    desk.end(two)
    assert desk.told == []
    desk.end(three)
    assert desk.told == [Notification("3 songs are separated", "Their stems are ready.")]


def test_one_song_is_told_by_its_name(desk: Desk) -> None:
    desk.end(*desk.add("Night Drive"))
    assert desk.told == [Notification("“Night Drive” is separated", "Its stems are ready.")]


def test_a_failure_is_told_at_once_with_its_reason(desk: Desk) -> None:
    one, two = desk.add("Broken", "Night Drive")
    desk.end(one, JobState.FAILED)
    assert desk.told == [Notification("“Broken” could not be separated", WHY)]
    desk.end(two)
    assert desk.told[1:] == [
        Notification("“Night Drive” is separated", "1 song could not be separated. The list says why.")
    ]


def test_many_failures_are_told_twice_at_the_most(desk: Desk) -> None:
    for job in desk.add(*(f"{n}" for n in range(50))):
        desk.end(job, JobState.FAILED)
    assert desk.headings == ["“0” could not be separated", "50 songs could not be separated"]


def test_a_single_failure_is_told_once(desk: Desk) -> None:
    desk.end(*desk.add("Broken"), JobState.FAILED)
    assert desk.headings == ["“Broken” could not be separated"]


def test_nothing_is_told_to_somebody_who_looks(desk: Desk) -> None:
    one, two = desk.add("one", "two")
    desk.in_front = True
    desk.end(one, JobState.FAILED)
    assert desk.told == []
    desk.in_front = False
    desk.end(two)
    assert desk.headings == ["“two” is separated"]


def test_songs_that_the_user_cancelled_are_no_news(desk: Desk) -> None:
    for job in desk.add("one", "two"):
        desk.end(job, JobState.CANCELLED)
    assert desk.told == []


def test_a_removed_song_does_not_keep_a_batch_open(desk: Desk) -> None:
    one, two = desk.add("one", "two")
    desk.end(one)
    desk.jobs.remove_jobs([two.id])
    assert desk.headings == ["“one” is separated"]


def test_the_library_as_it_is_found_is_no_news(desk: Desk) -> None:
    desk.jobs.upsert_jobs([make_job("old", JobState.COMPLETED), make_job("bad", JobState.FAILED, error=WHY)])
    assert desk.told == []


def test_a_song_that_is_tried_again_counts_as_it_ends_at_last(desk: Desk) -> None:
    one, two = desk.add("one", "two")
    desk.end(one, JobState.FAILED)
    desk.jobs.upsert_jobs([replace(one, token=2)])
    desk.jobs.upsert_jobs([replace(one, state=JobState.COMPLETED, token=3)])
    desk.end(two)
    assert desk.told[-1] == Notification("2 songs are separated", "Their stems are ready.")


def test_every_batch_is_told_by_itself(desk: Desk) -> None:
    desk.end(*desk.add("one"))
    desk.end(*desk.add("two"))
    assert desk.headings == ["“one” is separated", "“two” is separated"]


def test_a_batch_does_not_end_while_songs_are_being_added(desk: Desk) -> None:
    desk.batches.set_importing(True)
    desk.end(*desk.add("one"))
    assert desk.told == []
    desk.end(*desk.add("two"))
    desk.batches.set_importing(False)
    assert desk.headings == ["2 songs are separated"]


@pytest.mark.skipif(which("dbus-run-session") is None or which("gdbus") is None, reason="no D-Bus here")
def test_the_desktop_s_notification_service_gets_the_words_as_they_are() -> None:
    said = _said_to("org.freedesktop.Notifications")
    assert said[0].startswith("org.freedesktop.Notifications Notify susssasa{sv}i Unbraid, 0, ")
    assert "“<b>a\\\" 'b” is separated, 1 &lt;i&gt; &amp; more, " in said[0]
    assert said[1] == "True"


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
def test_without_a_notification_service_nothing_is_shown_and_nothing_breaks() -> None:
    assert _said_to("org.example.Other") == ["False"]


def _said_to(service: str) -> Sequence[str]:
    words = ["dbus-run-session", "--", sys.executable, "-m", "tests.helpers.notified", service]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ))
    return run.stdout.splitlines()
