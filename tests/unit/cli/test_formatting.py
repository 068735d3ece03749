"""Text and JSON that the terminal prints about jobs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.cli.formatting import format_status, format_title, job_to_json, refused_to_json
from desktop.cli.output import CommandOutput, TextResultWriter
from desktop.jobs.model import JobState, Stem
from desktop.stage import Stage
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job

JOB = make_job(
    id="0c9c7d0e-7f0e-4a52-9a0b-0d4f4a2b6d11",
    state=JobState.COMPLETED,
    source=Path("/music/night.flac"),
    added=datetime(2026, 1, 2, tzinfo=UTC),
    model_used="sketch",
    null_dbfs=-300.0,
    stems=(
        Stem("vocals", Path("/library/vocals.wav"), Path("/library/vocals.peaks")),
        Stem("drums", Path("/library/drums.wav"), Path("/library/drums.peaks"), exported=Path("/out/drums.wav")),
    ),
)


def test_json_of_a_job_names_the_used_model_and_the_exported_stems() -> None:
    value = job_to_json(JOB)
    assert value["model"] == "sketch"
    assert value["stems"] == {"vocals": "/library/vocals.wav", "drums": "/out/drums.wav"}
    for key in [
        "id",
        "source",
        "status",
        "error",
        "model",
        "sample_rate",
        "channels",
        "frames",
        "seconds",
        "tempo",
        "key",
        "null_dbfs",
        "stems",
    ]:
        assert key in value


def test_json_of_a_refused_track_has_the_same_keys_as_a_job() -> None:
    assert set(refused_to_json("x.mp3", "Not audio.")) == set(job_to_json(JOB))


def test_status_shows_the_stage_of_a_job_or_the_reason_of_its_failure() -> None:
    working = replace(JOB, state=JobState.PROCESSING, stage=Stage.SEPARATING, progress=0.64)
    assert format_status(working) == "separating 64%"
    assert format_status(replace(JOB, state=JobState.FAILED, error=verbatim("It is empty."))) == "failed: It is empty."


def test_control_characters_of_a_tag_are_not_in_the_title() -> None:
    assert "\x1b" not in format_title(replace(JOB, title="\x1b[31mred"))


def test_status_of_a_pending_job_shows_its_pause_and_progress() -> None:
    waiting = replace(JOB, state=JobState.PENDING)
    assert format_status(waiting) == "pending"
    assert format_status(replace(waiting, progress=0.64)) == "pending at 64%"
    assert format_status(replace(waiting, progress=0.64, paused=True)) == "paused at 64%"
    assert format_status(replace(waiting, paused=True)) == "paused"


def test_status_of_a_job_waiting_for_a_retry_shows_when_and_why() -> None:
    retry_at = datetime.now(UTC) + timedelta(seconds=40)
    retrying = replace(JOB, state=JobState.PENDING, not_before=retry_at, error=verbatim("The library is busy."))
    assert format_status(retrying) in (
        "trying again in 40 s: The library is busy.",
        "trying again in 39 s: The library is busy.",
    )
    assert format_status(replace(retrying, not_before=datetime.now(UTC))) == "pending"
    assert format_status(replace(retrying, paused=True)) == "paused"


@pytest.mark.parametrize(
    ("null_dbfs", "text"),
    [
        (-300.0, "2 stems · add up exactly to the original"),
        (-144.2, "2 stems · add up to the original (−144 dB)"),
        (None, "2 stems"),
    ],
)
def test_result_says_how_well_the_stems_add_up(
    null_dbfs: float | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    TextResultWriter(CommandOutput()).write_ended(replace(JOB, null_dbfs=null_dbfs))
    assert capsys.readouterr().out.splitlines()[0] == f"✓ Night Drive · Mara Lind  {text}"
