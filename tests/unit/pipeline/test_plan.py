"""What stems are written as, where the format asked for cannot hold them."""

from dataclasses import dataclass

import pytest

from desktop.audio.track import SampleFormat
from desktop.pipeline.output_format import choose_output_format


@dataclass(frozen=True)
class Asked:
    format: str = "wav"
    bits: str | None = None
    sum_mode: str = "exact"


@pytest.mark.parametrize(
    ("source", "depth"),
    [
        (SampleFormat.PCM_16, "16"),
        (SampleFormat.PCM_24, "24"),
        (SampleFormat.PCM_32, "32"),
        (SampleFormat.FLOAT, "32f"),
        (SampleFormat.LOSSY, "24"),
    ],
)
def test_stems_have_the_depth_of_their_source(source: SampleFormat, depth: str) -> None:
    assert choose_output_format(Asked(), source, 44100)[0].depth == depth


@pytest.mark.parametrize(
    ("asked", "rate", "written", "said"),
    [
        (Asked("mp3"), 44100, "mp3", None),
        (Asked("mp3"), 96000, "flac", "MP3 cannot hold 96000 Hz"),
        (Asked("flac"), 655_350, "flac", None),
        (Asked("flac"), 705_600, "wav", "FLAC cannot hold 705600 Hz"),
        (Asked("flac", "32f"), 44100, "flac", "FLAC holds 24 bits"),
    ],
)
def test_what_a_format_cannot_hold_is_written_in_another_and_said(
    asked: Asked, rate: int, written: str, said: str | None
) -> None:
    plan, notices = choose_output_format(asked, SampleFormat.PCM_24, rate)
    assert plan.container == written
    assert [said in notice for notice in notices if said] == ([True] if said else [])
