"""Notifications for a given sequence of job changes, and their delivery to the desktop."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from shutil import which

import pytest
from pytestqt.qtbot import QtBot

from desktop.jobs.model import Attempt, Job, JobState
from desktop.text.message import verbatim
from desktop.ui.pages.library.activity import ActivityTracker
from desktop.ui.pages.library.batches import BatchTracker
from desktop.ui.pages.library.job_model import JobTableModel
from desktop.ui.system.notifications import Notification, Notifier
from tests.helpers.command import ROOT
from tests.helpers.jobs import make_job

ERROR = "The file is damaged: its index is missing."


class NotifierHarness:
    """A job model and a notifier whose notifications are recorded; `is_in_front` stands for the window's state."""

    def __init__(self) -> None:
        self.notifications: list[Notification] = []
        self.is_in_front = False
        self.jobs = JobTableModel()
        self.batches = BatchTracker(self.jobs, ActivityTracker(self.jobs, self.jobs))
        self.notifier = Notifier(self.batches, lambda: self.is_in_front, self.notifications.append)

    def add(self, *titles: str) -> list[Job]:
        jobs = [make_job(title) for title in titles]
        self.jobs.upsert_jobs(jobs)
        return jobs

    def finish(self, job: Job, state: JobState = JobState.COMPLETED) -> None:
        self.jobs.upsert_jobs([replace(job, state=JobState.PROCESSING, token=1)])
        error = verbatim(ERROR) if state is JobState.FAILED else None
        self.jobs.upsert_jobs([replace(job, state=state, token=1, error=error)])

    @property
    def headings(self) -> list[str]:
        return [notification.heading for notification in self.notifications]


@pytest.fixture
def harness(qtbot: QtBot) -> NotifierHarness:
    return NotifierHarness()


def test_only_songs_with_new_stems_count_as_separated_again(harness: NotifierHarness) -> None:
    kept, cancelled, done = (make_job(title, JobState.COMPLETED) for title in ("kept", "cancelled", "done"))
    harness.jobs.upsert_jobs([replace(job, state=JobState.PENDING, earlier=job) for job in (kept, cancelled, done)])
    harness.jobs.upsert_jobs([replace(cancelled, last_attempt=Attempt(JobState.CANCELLED))])
    harness.jobs.upsert_jobs([replace(kept, last_attempt=Attempt(JobState.FAILED, verbatim(ERROR)))])
    assert harness.notifications == [Notification("“kept” could not be separated again", ERROR)]
    harness.jobs.upsert_jobs([done])
    assert harness.notifications[1:] == [
        Notification("“done” has been separated", "1 song could not be separated. The list says why.")
    ]


def test_batch_makes_one_notification_when_its_last_song_is_done(harness: NotifierHarness) -> None:
    one, two, three = harness.add("one", "two", "three")
    harness.finish(one)
    harness.finish(two)
    assert harness.notifications == []
    harness.finish(three)
    assert harness.notifications == [Notification("3 songs have been separated", "Their stems are ready.")]


def test_notification_for_one_song_gives_its_title(harness: NotifierHarness) -> None:
    harness.finish(*harness.add("Night Drive"))
    assert harness.notifications == [Notification("“Night Drive” has been separated", "Its stems are ready.")]


def test_failure_is_notified_at_once_with_its_reason(harness: NotifierHarness) -> None:
    one, two = harness.add("Broken", "Night Drive")
    harness.finish(one, JobState.FAILED)
    assert harness.notifications == [Notification("“Broken” could not be separated", ERROR)]
    harness.finish(two)
    assert harness.notifications[1:] == [
        Notification("“Night Drive” has been separated", "1 song could not be separated. The list says why.")
    ]


def test_many_failures_make_at_most_two_notifications(harness: NotifierHarness) -> None:
    for job in harness.add(*(f"{n}" for n in range(50))):
        harness.finish(job, JobState.FAILED)
    assert harness.headings == ["“0” could not be separated", "50 songs could not be separated"]


def test_single_failure_makes_one_notification(harness: NotifierHarness) -> None:
    harness.finish(*harness.add("Broken"), JobState.FAILED)
    assert harness.headings == ["“Broken” could not be separated"]


def test_no_notification_is_sent_while_the_window_is_in_front(harness: NotifierHarness) -> None:
    one, two = harness.add("one", "two")
    harness.is_in_front = True
    harness.finish(one, JobState.FAILED)
    assert harness.notifications == []
    harness.is_in_front = False
    harness.finish(two)
    assert harness.headings == ["“two” has been separated"]


def test_cancelled_songs_make_no_notification(harness: NotifierHarness) -> None:
    for job in harness.add("one", "two"):
        harness.finish(job, JobState.CANCELLED)
    assert harness.notifications == []


def test_removed_song_does_not_keep_its_batch_open(harness: NotifierHarness) -> None:
    one, two = harness.add("one", "two")
    harness.finish(one)
    harness.jobs.remove_jobs([two.id])
    assert harness.headings == ["“one” has been separated"]


def test_songs_that_ended_before_the_start_make_no_notification(harness: NotifierHarness) -> None:
    harness.jobs.upsert_jobs(
        [make_job("old", JobState.COMPLETED), make_job("bad", JobState.FAILED, error=verbatim(ERROR))]
    )
    assert harness.notifications == []


def test_retried_song_counts_with_its_final_state(harness: NotifierHarness) -> None:
    one, two = harness.add("one", "two")
    harness.finish(one, JobState.FAILED)
    harness.jobs.upsert_jobs([replace(one, token=2)])
    harness.jobs.upsert_jobs([replace(one, state=JobState.COMPLETED, token=3)])
    harness.finish(two)
    assert harness.notifications[-1] == Notification("2 songs have been separated", "Their stems are ready.")


def test_each_batch_has_its_own_notification(harness: NotifierHarness) -> None:
    harness.finish(*harness.add("one"))
    harness.finish(*harness.add("two"))
    assert harness.headings == ["“one” has been separated", "“two” has been separated"]


def test_batch_does_not_end_while_songs_are_being_added(harness: NotifierHarness) -> None:
    harness.batches.set_importing(True)
    harness.finish(*harness.add("one"))
    assert harness.notifications == []
    harness.finish(*harness.add("two"))
    harness.batches.set_importing(False)
    assert harness.headings == ["2 songs have been separated"]


@pytest.mark.skipif(which("dbus-run-session") is None or which("gdbus") is None, reason="no D-Bus here")
def test_notification_service_receives_the_heading_and_the_escaped_body() -> None:
    output = _run_with_service("org.freedesktop.Notifications")
    assert output[0].startswith("org.freedesktop.Notifications Notify susssasa{sv}i Unbraid, 0, ")
    assert "“<b>a\\\" 'b” has been separated, 1 &lt;i&gt; &amp; more, " in output[0]
    assert output[1] == "True"


@pytest.mark.skipif(which("dbus-run-session") is None, reason="no D-Bus here")
def test_sending_without_a_notification_service_returns_false() -> None:
    assert _run_with_service("org.example.Other") == ["False"]


def _run_with_service(service: str) -> Sequence[str]:
    """Send a notification on a private bus that has this service, and return the lines that the helper printed."""
    command = ["dbus-run-session", "--", sys.executable, "-m", "tests.helpers.notification_service", service]
    process = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ)
    )
    return process.stdout.splitlines()
