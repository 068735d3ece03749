"""Whatever a song is called, the terminal prints it letter by letter: no name moves the cursor or changes a colour."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from desktop.cli import bin, jobs
from desktop.cli.follow import _ProgressBars
from desktop.cli.output import CommandOutput, JsonResultWriter, TextResultWriter
from desktop.jobs.model import JobState
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.window import RecordingQueue, make_job
from tests.unit.cli.test_report import JOB

EVIL = "\x1b]0;owned\x07\x1b[31mred\r\n\x9b2J\u202e[bold]x[/bold]\\[red]"
WRITTEN = "\\x1b]0;owned\\x07\\x1b[31mred\\x0d\\x0a\\x9b2J\\u202e[bold]x[/bold]\\[red]"
EVIL_JOB = replace(JOB, title=EVIL, artist=EVIL, source=Path(f"/music/{EVIL}"), stems=())


class Silent:
    def emit(self, event: object) -> None:
        """Nobody listens."""


def harmless(text: str) -> str:
    assert text.replace("\n", "").isprintable(), ascii(text)
    return text.replace("\n", "")


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED])
def test_the_end_of_a_song(capsys: pytest.CaptureFixture[str], state: JobState) -> None:
    TextResultWriter(CommandOutput()).write_ended(replace(EVIL_JOB, state=state, stems=JOB.stems))
    TextResultWriter(CommandOutput()).write_refused(Path(f"/music/{EVIL}"), "It is no song.")
    said = harmless(capsys.readouterr().out)
    assert WRITTEN[:20] in said
    assert "owned" in said


def test_the_objects_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    JsonResultWriter(CommandOutput()).write_ended(EVIL_JOB)
    JsonResultWriter(CommandOutput()).write_refused(Path(f"/music/{EVIL}"), "It is no song.")
    assert "owned" in harmless(capsys.readouterr().out)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobService]:
    home = Home(tmp_path / "library").create_folders()
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    store = JobStore(home)
    for state in (JobState.COMPLETED, JobState.CANCELLED):
        store.insert(make_job(EVIL, state, artist=EVIL, source=Path(f"/music/{EVIL}")))
    return JobService(home, store, RecordingQueue(), Silent())


@pytest.mark.parametrize("as_json", [False, True])
def test_the_list_of_songs(library: JobService, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert jobs.list_jobs(as_json) == 0
    assert "owned" in harmless(capsys.readouterr().out)


def test_a_removed_song(library: JobService, capsys: pytest.CaptureFixture[str]) -> None:
    job = library.jobs()[0]
    for act in (
        lambda: bin.remove_job(job.id),
        lambda: bin.list_bin(as_json=False),
        lambda: bin.restore_jobs([job.id], is_last_removal=False),
        lambda: bin.remove_job(job.id),
        lambda: bin.delete_removed_jobs([job.id], is_confirmed=True),
    ):
        assert act() == 0
        assert "owned" in harmless(capsys.readouterr().out)


def test_a_bar_shows_a_name_as_it_is() -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=200)
    with _ProgressBars(console) as bars:
        bars.show_job(replace(EVIL_JOB, title="[bold]x[/bold]\\[red]", artist=""))
    assert "[bold]x[/bold]\\[red]" in terminal.getvalue()
    with _ProgressBars(console) as bars:
        bars.show_job(EVIL_JOB)
    assert "\x1b]0" not in terminal.getvalue()
    assert "\x9b" not in terminal.getvalue()
    assert "\u202e" not in terminal.getvalue()
