"""Transport without playback: position, lanes, and missing files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.errors import StorageError
from desktop.playback.transport import Transport


@pytest.fixture
def stems(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.wav" for name in ("vocals", "drums", "bass")]
    for path in paths:
        soundfile.write(path, np.zeros((1000, 2)), 44100)
    return paths


@pytest.fixture
def transport(stems: list[Path]) -> Transport:
    transport = Transport()
    transport.load_files(stems, ["vocals", "drums", "bass"])
    return transport


def test_loaded_track_is_at_its_start(transport: Transport) -> None:
    assert (transport.position, transport.frames, transport.sample_rate) == (0, 1000, 44100)
    assert transport.lane_names == ("vocals", "drums", "bass")


def test_seek_is_clamped_to_the_track(transport: Transport) -> None:
    transport.seek(5000)
    assert transport.position == 1000
    transport.seek(-3)
    assert transport.position == 0


def test_solo_silences_the_other_lanes_and_mute_overrides_solo(transport: Transport) -> None:
    transport.set_solo(1, True)
    assert [transport.is_audible(lane) for lane in range(3)] == [False, True, False]
    transport.set_mute(1, True)
    assert [transport.is_audible(lane) for lane in range(3)] == [False, False, False]


def test_error_names_the_missing_stem_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"bass\.wav"):
        Transport().load_files([tmp_path / "bass.wav"], ["bass"])
