"""Output format of stems, and its replacement when the requested format cannot hold them."""

from dataclasses import dataclass

import pytest

from desktop.audio.track import SampleFormat
from desktop.pipeline.output_format import choose_output_format


@dataclass(frozen=True)
class FormatRequest:
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
def test_stems_have_the_bit_depth_of_the_source(source: SampleFormat, depth: str) -> None:
    assert choose_output_format(FormatRequest(), source, 44100)[0].depth == depth


@pytest.mark.parametrize(
    ("requested", "rate", "container", "message"),
    [
        (FormatRequest("mp3"), 44100, "mp3", None),
        (FormatRequest("mp3"), 96000, "flac", "MP3 cannot hold 96000 Hz"),
        (FormatRequest("flac"), 655_350, "flac", None),
        (FormatRequest("flac"), 705_600, "wav", "FLAC cannot hold 705600 Hz"),
        (FormatRequest("flac", "32f"), 44100, "flac", "FLAC holds 24 bits"),
    ],
)
def test_unsupported_format_is_replaced_with_a_notice(
    requested: FormatRequest, rate: int, container: str, message: str | None
) -> None:
    plan, notices = choose_output_format(requested, SampleFormat.PCM_24, rate)
    assert plan.container == container
    assert [message in str(notice) for notice in notices if message] == ([True] if message else [])
