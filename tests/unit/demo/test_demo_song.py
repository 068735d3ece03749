"""The demo song, which new users hear first, and the script that renders it."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

DEMO = Path(__file__).parents[3] / "resources" / "demo"


@pytest.fixture(scope="module")
def song() -> NDArray[np.int16]:
    (path,) = DEMO.glob("*.flac")
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == 44100
    return samples


def test_script_reproduces_the_demo_song_sample_for_sample(
    song: NDArray[np.int16], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(DEMO))
    import make_demo

    rendered = make_demo.samples()
    for name in ("make_demo", "instruments", "singer"):
        sys.modules.pop(name)
    np.testing.assert_array_equal(rendered, song)


def test_demo_song_is_short_stereo_and_small(song: NDArray[np.int16]) -> None:
    (path,) = DEMO.glob("*.flac")
    assert 20 <= len(song) / 44100 <= 40
    assert song.shape[1] == 2
    assert path.stat().st_size < 3_000_000
    assert not np.array_equal(song[:, 0], song[:, 1])


def test_demo_song_peaks_at_one_decibel_below_full_scale(song: NDArray[np.int16]) -> None:
    peak = 20 * np.log10(np.abs(song.astype(np.float64)).max() / 32767)
    assert peak == pytest.approx(-1.0, abs=0.01)


def test_demo_song_starts_and_ends_in_silence(song: NDArray[np.int16]) -> None:
    assert np.abs(song[0]).max() <= 8
    assert np.abs(song[-1]).max() <= 8


def test_demo_song_has_a_licence_file() -> None:
    assert "CC0 1.0" in (DEMO / "LICENSE.txt").read_text(encoding="utf-8")
