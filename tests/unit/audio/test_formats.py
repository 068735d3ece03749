"""Every format that lies in the fixtures: decoded to the frame, or refused where no decoder can read it."""

from pathlib import Path

import numpy as np
import pytest

from desktop.audio.decode import read_track_info
from desktop.errors import UnusableTrackError
from tests.helpers.shared import FIXTURES
from tests.helpers.sound import decode_track

FORMATS = FIXTURES / "formats"
# Rate, channels, frames: as FFmpeg's own command line decodes them.
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
# A header without the sound that it announces: FFmpeg's command line decodes nothing of it either.
UNREADABLE = ("full.wma", "LICENSE.MIT")

pytestmark = pytest.mark.skipif(not FORMATS.exists(), reason="the fixtures are not beside this checkout")


@pytest.mark.parametrize("name", EXPECTED)
def test_format_is_decoded_to_the_frame(name: str, tmp_path: Path) -> None:
    mixture = decode_track(FORMATS / name, tmp_path / "mixture.wav")
    assert (mixture.sample_rate, mixture.channels, mixture.frames) == EXPECTED[name]
    assert mixture.notices == ()
    assert np.isfinite(mixture.read(0, mixture.frames)).all()


@pytest.mark.parametrize("name", EXPECTED)
def test_header_is_close_to_the_truth(name: str) -> None:
    info = read_track_info(FORMATS / name)
    rate, channels, frames = EXPECTED[name]
    assert (info.sample_rate, info.channels) == (rate, channels)
    assert info.frames == pytest.approx(frames, rel=0.05)


@pytest.mark.parametrize("name", UNREADABLE)
def test_file_without_sound_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableTrackError, match=name):
        decode_track(FORMATS / name, tmp_path / "mixture.wav")


def test_every_fixture_has_its_expectation() -> None:
    assert {path.name for path in FORMATS.iterdir()} == {*EXPECTED, *UNREADABLE}


@pytest.mark.parametrize(
    ("name", "frames"),
    [("spleeter_audio_example.mp3", 479_832), ("hr-domina-hunting.ogg", 3_087_000)],
)
def test_real_song_is_decoded_to_the_frame(name: str, frames: int, tmp_path: Path) -> None:
    mixture = decode_track(FIXTURES / "songs" / name, tmp_path / "mixture.wav")
    assert mixture.frames == frames
    assert 0.1 < np.abs(mixture.read(0, frames)).max() < 2.0
