"""Every format in the fixtures is decoded with the exact number of frames, or refused if no decoder can read it."""

from pathlib import Path

import numpy as np
import pytest

from desktop.errors import UnusableTrackError
from tests.helpers.shared import FIXTURES
from tests.helpers.sound import decode_track, read_track_info

FORMATS = FIXTURES / "formats"
# Sample rate, channels and frames, as FFmpeg's command line decodes them.
EXPECTED = {
    "cbr.mp3": (44100, 1, 46703),
    "coverart.ogg": (44100, 1, 44100),
    "full.aiff": (44100, 1, 44100),
    "full.alac.m4a": (44100, 1, 44100),
    "full.ape": (44100, 1, 44100),
    "full.dsf": (705600, 2, 56448),
    "full.flac": (44100, 1, 44100),
    "full.m4a": (44100, 1, 44992),
    "full.mp3": (44100, 1, 47232),
    "full.mpc": (44100, 2, 44928),
    "full.ogg": (44100, 1, 44100),
    "full.opus": (48000, 1, 48000),
    "full.wav": (44100, 1, 44100),
    "full.wv": (44100, 1, 44100),
    "image.mp3": (44100, 1, 44100),
    "mpeglayer3.wav": (44100, 1, 222336),
    "partial.flac": (44100, 1, 44100),
    "unparseable.alac.m4a": (44100, 1, 44100),
    "unparseable.mp3": (44100, 1, 44100),
}
# No audio after the header: FFmpeg's command line decodes nothing either.
UNREADABLE = ("full.wma", "LICENSE.MIT")

pytestmark = pytest.mark.skipif(not FORMATS.exists(), reason="the fixtures are not beside this checkout")


@pytest.mark.parametrize("name", EXPECTED)
def test_format_is_decoded_with_the_exact_number_of_frames(name: str, tmp_path: Path) -> None:
    mixture = decode_track(FORMATS / name, tmp_path / "mixture.wav")
    assert (mixture.sample_rate, mixture.channels, mixture.frames) == EXPECTED[name]
    assert mixture.notices == ()
    assert np.isfinite(mixture.read(0, mixture.frames)).all()


@pytest.mark.parametrize("name", EXPECTED)
def test_track_info_is_exact_with_a_length_within_5_percent(name: str) -> None:
    info = read_track_info(FORMATS / name)
    rate, channels, frames = EXPECTED[name]
    assert (info.sample_rate, info.channels) == (rate, channels)
    assert info.frames == pytest.approx(frames, rel=0.05)


@pytest.mark.parametrize("name", UNREADABLE)
def test_file_without_audio_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableTrackError, match=name):
        decode_track(FORMATS / name, tmp_path / "mixture.wav")


def test_every_fixture_has_an_expected_result() -> None:
    assert {path.name for path in FORMATS.iterdir()} == {*EXPECTED, *UNREADABLE}


@pytest.mark.parametrize(
    ("name", "frames"),
    [("spleeter_audio_example.mp3", 479_832), ("hr-domina-hunting.ogg", 3_087_000)],
)
def test_real_track_is_decoded_with_the_exact_number_of_frames(name: str, frames: int, tmp_path: Path) -> None:
    mixture = decode_track(FIXTURES / "songs" / name, tmp_path / "mixture.wav")
    assert mixture.frames == frames
    assert 0.1 < np.abs(mixture.read(0, frames)).max() < 2.0
