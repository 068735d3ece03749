"""What the terminal says about jobs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.cli.formatting import format_duration, format_status, format_title, job_to_json, refused_to_json
from desktop.cli.output import CommandOutput, TextResultWriter
from desktop.jobs.model import Job, JobOptions, JobState, Stage, Stem

JOB = Job(
    id="0c9c7d0e-7f0e-4a52-9a0b-0d4f4a2b6d11",
    state=JobState.COMPLETED,
    title="Night Drive",
    artist="Mara Lind",
    album="",
    source=Path("/music/night.flac"),
    options=JobOptions(),
    position=1,
    added=datetime(2026, 1, 2, tzinfo=UTC),
    model_used="sketch",
    null_dbfs=-300.0,
    stems=(
        Stem("vocals", Path("/library/vocals.wav"), Path("/library/vocals.peaks")),
        Stem("drums", Path("/library/drums.wav"), Path("/library/drums.peaks"), exported=Path("/out/drums.wav")),
    ),
)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "–"), (0, "0:00"), (59.6, "1:00"), (252, "4:12"), (7120, "1:58:40")]
)
def test_lengths_read_as_on_a_player(seconds: float | None, words: str) -> None:
    assert format_duration(seconds) == words


def test_the_object_of_a_job_names_the_engine_that_really_did_it_and_the_exported_stems() -> None:
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
        "null_dbfs",
        "stems",
    ]:
        assert key in value


def test_a_refused_track_has_the_same_keys_as_a_job() -> None:
    assert set(refused_to_json("x.mp3", "Not audio.")) == set(job_to_json(JOB))


def test_a_job_says_its_stage_and_a_failed_one_its_reason() -> None:
    working = replace(JOB, state=JobState.PROCESSING, stage=Stage.SEPARATING, progress=0.64)
    assert format_status(working) == "separating 64%"
    assert format_status(replace(JOB, state=JobState.FAILED, error="It is empty.")) == "failed: It is empty."


def test_control_characters_of_a_tag_never_reach_the_terminal() -> None:
    assert "\x1b" not in format_title(replace(JOB, title="\x1b[31mred"))


def test_a_job_that_waits_says_why_and_how_far_it_is() -> None:
    waiting = replace(JOB, state=JobState.PENDING)
    assert format_status(waiting) == "pending"
    assert format_status(replace(waiting, progress=0.64)) == "pending at 64%"
    assert format_status(replace(waiting, progress=0.64, paused=True)) == "paused at 64%"
    assert format_status(replace(waiting, paused=True)) == "paused"


def test_a_job_that_is_tried_again_says_when_and_why() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=40)
    again = replace(JOB, state=JobState.PENDING, not_before=soon, error="The library is busy.")
    assert format_status(again) in (
        "trying again in 40 s: The library is busy.",
        "trying again in 39 s: The library is busy.",
    )
    assert format_status(replace(again, not_before=datetime.now(UTC))) == "pending"
    assert format_status(replace(again, paused=True)) == "paused"


@pytest.mark.parametrize(
    ("null_dbfs", "words"),
    [
        (-300.0, "2 stems · add up exactly to the original"),
        (-144.2, "2 stems · add up to the original (−144 dB)"),
        (None, "2 stems"),
    ],
)
def test_the_terminal_says_in_the_windows_words_how_well_stems_add_up(
    null_dbfs: float | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    TextResultWriter(CommandOutput()).write_ended(replace(JOB, null_dbfs=null_dbfs))
    assert capsys.readouterr().out.splitlines()[0] == f"✓ Night Drive · Mara Lind  {words}"
