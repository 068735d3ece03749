"""Names of songs are printed literally: no name moves the cursor or changes a colour."""

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
from tests.helpers.jobs import make_job
from tests.helpers.window import RecordingQueue
from tests.unit.cli.test_formatting import JOB

HOSTILE_NAME = "\x1b]0;owned\x07\x1b[31mred\r\n\x9b2J\u202e[bold]x[/bold]\\[red]"
ESCAPED_NAME = "\\x1b]0;owned\\x07\\x1b[31mred\\x0d\\x0a\\x9b2J\\u202e[bold]x[/bold]\\[red]"
HOSTILE_JOB = replace(JOB, title=HOSTILE_NAME, artist=HOSTILE_NAME, source=Path(f"/music/{HOSTILE_NAME}"), stems=())


class NullEvents:
    def emit(self, event: object) -> None:
        """Discard the event."""


def assert_printable(text: str) -> str:
    """Assert that a text has no control characters, and return it without line breaks."""
    assert text.replace("\n", "").isprintable(), ascii(text)
    return text.replace("\n", "")


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED])
def test_result_escapes_names(capsys: pytest.CaptureFixture[str], state: JobState) -> None:
    TextResultWriter(CommandOutput()).write_ended(replace(HOSTILE_JOB, state=state, stems=JOB.stems))
    TextResultWriter(CommandOutput()).write_refused(Path(f"/music/{HOSTILE_NAME}"), "It is no song.")
    output = assert_printable(capsys.readouterr().out)
    assert ESCAPED_NAME[:20] in output
    assert "owned" in output


def test_json_output_escapes_names(capsys: pytest.CaptureFixture[str]) -> None:
    JsonResultWriter(CommandOutput()).write_ended(HOSTILE_JOB)
    JsonResultWriter(CommandOutput()).write_refused(Path(f"/music/{HOSTILE_NAME}"), "It is no song.")
    assert "owned" in assert_printable(capsys.readouterr().out)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobService]:
    home = Home(tmp_path / "library").create_folders()
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    store = JobStore(home)
    for state in (JobState.COMPLETED, JobState.CANCELLED):
        store.insert(make_job(HOSTILE_NAME, state, artist=HOSTILE_NAME, source=Path(f"/music/{HOSTILE_NAME}")))
    return JobService(home, store, RecordingQueue(), NullEvents())


@pytest.mark.parametrize("as_json", [False, True])
def test_job_list_escapes_names(library: JobService, capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert jobs.list_jobs(as_json) == 0
    assert "owned" in assert_printable(capsys.readouterr().out)


def test_remove_and_bin_commands_escape_names(library: JobService, capsys: pytest.CaptureFixture[str]) -> None:
    job = library.jobs()[0]
    for run_command in (
        lambda: bin.remove_job(job.id),
        lambda: bin.list_bin(as_json=False),
        lambda: bin.restore_jobs([job.id], is_last_removal=False),
        lambda: bin.remove_job(job.id),
        lambda: bin.delete_removed_jobs([job.id], is_confirmed=True),
    ):
        assert run_command() == 0
        assert "owned" in assert_printable(capsys.readouterr().out)


def test_progress_bar_shows_markup_literally_and_no_control_characters() -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=200)
    with _ProgressBars(console) as bars:
        bars.show_job(replace(HOSTILE_JOB, title="[bold]x[/bold]\\[red]", artist=""))
    assert "[bold]x[/bold]\\[red]" in terminal.getvalue()
    with _ProgressBars(console) as bars:
        bars.show_job(HOSTILE_JOB)
    assert "\x1b]0" not in terminal.getvalue()
    assert "\x9b" not in terminal.getvalue()
    assert "\u202e" not in terminal.getvalue()
