"""The mix on a recording sound card: what is heard is the sum of the stems at the gains that the state says."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.helpers.recorded_session import CLOSE, OPEN_STEMS
from tests.helpers.sound_card import find_offset, match_sound, record_playback

pytestmark = pytest.mark.alone

RATE = 44100
# Plays the stems in the state that the first argument describes.
SCRIPT = f"""
{OPEN_STEMS}
from desktop.playback.mix import LaneMix, Master, Mix
master, lanes = eval(sys.argv[1])
session.apply(replace(session.state.with_mix(Mix(lanes)), master=master))
session.play()
assert ended.wait(60)
{CLOSE}
"""
HALF_DB = "-6.020599913279624"


def write_stems(folder: Path, level: float) -> dict[str, NDArray[np.float32]]:
    """Write stems of 3 s of noise with silence at both ends, and return their samples, float32 `[frames, 2]`."""
    random = np.random.default_rng(1)
    stems: dict[str, NDArray[np.float32]] = {}
    for name in ("vocals", "drums", "bass"):
        sound = np.zeros((3 * RATE, 2), np.float32)
        sound[RATE // 2 : -RATE // 2] = random.normal(0, level, (2 * RATE, 2))
        soundfile.write(folder / f"{name}.wav", sound, RATE, subtype="FLOAT")
        stems[name] = sound
    return stems


def play(folder: Path, master: str, lanes: str) -> NDArray[np.float32]:
    """Return what a sound card records, float32 `[frames, 2]`."""
    paths = [folder / f"{name}.wav" for name in ("vocals", "drums", "bass")]
    return record_playback(SCRIPT, folder, f"({master}, {lanes})", *paths).recording


@pytest.mark.parametrize(
    ("master", "lanes", "gains"),
    [
        (
            f"Master({HALF_DB})",
            f"{{'vocals': LaneMix(pan=-1.0), 'drums': LaneMix({HALF_DB}, pan=0.5), 'bass': LaneMix(mute=True)}}",
            {"vocals": (0.5, 0.0), "drums": (0.125, 0.25)},
        ),
        ("Master()", "{'bass': LaneMix(solo=True)}", {"bass": (1.0, 1.0)}),
        (
            "Master()",
            "{'original': LaneMix(solo=True)}",
            {"vocals": (1.0, 1.0), "drums": (1.0, 1.0), "bass": (1.0, 1.0)},
        ),
        (
            "Master(has_limiter=True)",  # the sum is below the ceiling
            "{'vocals': LaneMix(mute=True)}",
            {"drums": (1.0, 1.0), "bass": (1.0, 1.0)},
        ),
    ],
)
def test_level_pan_mute_solo_and_an_idle_limiter_sound_as_they_should(
    tmp_path: Path, master: str, lanes: str, gains: dict[str, tuple[float, float]]
) -> None:
    stems = write_stems(tmp_path, 0.03)
    recording = play(tmp_path, master, lanes)
    expected = sum(
        (stems[name] * np.array(gain, np.float32) for name, gain in gains.items()), np.zeros_like(stems["bass"])
    )
    match = match_sound(expected[RATE // 2 : -RATE // 2], recording, tolerance=1e-6)
    assert match.last > 2 * RATE - RATE // 10, match
    assert not recording[match.end :].any()


def test_limiter_keeps_a_loud_song_below_full_scale_where_it_would_clip(tmp_path: Path) -> None:
    stems = write_stems(tmp_path, 0.4)
    song = sum(stems.values(), np.zeros_like(stems["bass"]))[RATE // 2 : -RATE // 2]
    assert np.abs(song).max() > 2.0
    recording = play(tmp_path, "Master(has_limiter=True)", "{}")
    assert 0.9 < np.abs(recording).max() < 10 ** (-0.09 / 20)
    offset = find_offset(song[:RATE], recording)
    gain = np.abs(recording[offset : offset + RATE]) / np.maximum(np.abs(song[:RATE]), 1e-9)
    assert np.median(gain) == pytest.approx(gain[:, 0].mean(), abs=0.1)  # the same song, only quieter
    assert 0.1 < np.median(gain) < 1.0
