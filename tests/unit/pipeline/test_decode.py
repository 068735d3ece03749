from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.audio.peaks import Peaks
from desktop.errors import CancelledError, UnusableTrackError
from desktop.pipeline.normalization import NormalizationMeter
from desktop.pipeline.progress import Progress
from desktop.pipeline.run import decode_track
from tests.helpers.sound import make_noise

FRAMES = 300_000


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "song.flac", make_noise(FRAMES).T, 44100, subtype="PCM_16")
    return tmp_path / "song.flac"


@pytest.fixture
def damaged(whole: Path) -> Path:
    """Return a damaged track: one decoder reads only its beginning, another one most of it."""
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    whole.write_bytes(data)
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(whole)
    return whole


@pytest.mark.parametrize("kind", ["whole", "damaged"])
def test_peaks_and_level_match_the_decoded_mixture(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    track: Path = request.getfixturevalue(kind)
    progress = Progress(lambda step: None, lambda: False)
    mixture, level = decode_track(track, tmp_path / "mixture.wav", tmp_path / "peaks", progress)
    assert Peaks.open(tmp_path / "peaks").frames == mixture.frames
    assert (mixture.frames == FRAMES) == (kind == "whole")
    meter = NormalizationMeter()
    meter.add(mixture.read(0, mixture.frames))
    np.testing.assert_allclose(
        [level.mean, level.deviation], [meter.normalization.mean, meter.normalization.deviation], rtol=1e-9
    )


def test_cancelled_decoding_leaves_no_mixture_and_no_peaks(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        decode_track(whole, tmp_path / "mixture.wav", tmp_path / "peaks", Progress(lambda step: None, lambda: True))
    assert list(tmp_path.iterdir()) == [whole]


def test_file_without_audio_leaves_no_mixture_and_no_peaks(tmp_path: Path) -> None:
    track = tmp_path / "song.flac"
    track.write_bytes(b"no song at all" * 100)
    with pytest.raises(UnusableTrackError):
        decode_track(track, tmp_path / "mixture.wav", tmp_path / "peaks", Progress(lambda step: None, lambda: False))
    assert list(tmp_path.iterdir()) == [track]
