"""Texts of the terminal pass through the catalogue: help, states, bars; and which processes translate."""

import argparse
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from desktop.__main__ import _shows_text
from desktop.cli.doctor import _TITLES
from desktop.cli.follow import _ProgressBars
from desktop.cli.formatting import _STATE_TEXTS, format_status
from desktop.cli.parser import build_parser
from desktop.jobs.model import JobProgress, JobState
from desktop.jobs.text import STAGE_TEXTS
from desktop.stage import Stage
from desktop.text.catalogue import PSEUDO_END, PSEUDO_START
from desktop.text.message import Message
from tests.helpers.pseudo_language import untranslated_words
from tests.unit.cli.test_formatting import JOB

pytestmark = pytest.mark.usefixtures("pseudo_language")
# argparse translates the help of these options itself.
ARGPARSE_OPTIONS = {"help", "version"}


def all_parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield the parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from all_parsers(command)


def help_texts(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the description of a parser, and the help of its commands and options."""
    yield parser.description or ""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (command.help or "" for command in action._choices_actions)
        elif action.dest not in ARGPARSE_OPTIONS:
            yield action.help or ""


def test_help_of_every_command_and_option_is_translated() -> None:
    parsers = list(all_parsers(build_parser()))
    texts = [text for parser in parsers for text in help_texts(parser) if text]
    assert len(texts) > 40
    assert not [text for text in texts if not (text.startswith(PSEUDO_START) and text.endswith(PSEUDO_END))]
    for parser in parsers:
        assert parser.format_help()  # no translation breaks argparse's own formatting


@pytest.mark.parametrize("state", JobState)
def test_status_of_a_job_is_translated_in_every_state(state: JobState) -> None:
    job = replace(JOB, state=state, progress=0.5, error=Message("It is empty."))
    retry_at = datetime.now(UTC) + timedelta(seconds=40)
    for changes in ({}, {"paused": True}, {"stage": Stage.SEPARATING}, {"not_before": retry_at}):
        status = format_status(replace(job, **changes))
        assert not untranslated_words(status), status


def test_progress_bar_shows_translated_stages() -> None:
    terminal = io.StringIO()
    with _ProgressBars(Console(file=terminal, force_terminal=True, no_color=True, width=200)) as bars:
        bars.show_job(replace(JOB, state=JobState.PENDING))
        for stage in Stage:
            bars.update_progress(JobProgress(JOB.id, 1, stage, 0.5, 83, 83))
    assert "⟦⟦wrîtîñg⟧, 1:23 léft⟧" in terminal.getvalue()


def test_every_state_and_stage_has_a_text() -> None:
    assert _STATE_TEXTS.keys() == set(JobState)
    assert STAGE_TEXTS.keys() == set(Stage)
    assert not untranslated_words(
        " ".join(map(str, [*_STATE_TEXTS.values(), *STAGE_TEXTS.values(), *_TITLES.values()]))
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], True),
        (["song.wav"], True),
        (["jobs"], True),
        (["selftest"], True),
        (["worker", "--help"], True),
        (["worker", "--supervised"], False),
        (["worker", "--draft", "--supervised"], False),
        (["probe"], False),
        (["convert", "model.th"], False),
    ],
)
def test_only_processes_that_show_text_translate_it(arguments: list[str], expected: bool) -> None:
    assert _shows_text(arguments) is expected
