"""Playback on a recording sound card: the output equals the stems sample for sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.helpers.recorded_session import CLOSE, OPEN_STEMS, write_stems
from tests.helpers.sound_card import match_sound, record_playback, split_at_silence

pytestmark = pytest.mark.alone

RATE = 44100
SETUP = f"""
{OPEN_STEMS}
from desktop.playback.mix import LaneMix, Mix

def mute(*names):
    session.apply(session.state.with_mix(Mix({{name: LaneMix(mute=True) for name in names}})))

def until(frame):
    while session.is_playing and session.position < frame:
        ended.wait(0.005)
"""


@pytest.fixture
def stems(tmp_path: Path) -> list[Path]:
    return write_stems(tmp_path)


def read_audio(path: Path) -> NDArray[np.float32]:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def audible_mix(paths: list[Path]) -> NDArray[np.float32]:
    """Return the sum of the stems without the silence at both ends."""
    return np.sum([read_audio(path) for path in paths], axis=0, dtype=np.float32)[RATE // 2 : -RATE // 2]


def test_playback_of_all_stems_is_sample_exact(stems: list[Path], tmp_path: Path) -> None:
    played = record_playback(SETUP + "session.play(); assert ended.wait(60)" + CLOSE, tmp_path, *stems)
    played.assert_matches(audible_mix(stems))


def test_seek_starts_at_its_frame_and_mute_leaves_only_the_other_stem(stems: list[Path], tmp_path: Path) -> None:
    script = "mute('drums'); session.seek(44100); session.play(); assert ended.wait(60)"
    played = record_playback(SETUP + script + CLOSE, tmp_path, *stems)
    # The first 0.2 s of a stream may be cut, and playback fades in.
    expected = read_audio(stems[0])[RATE : -RATE // 2]
    fade_end = int(np.abs(played.recording[:, 0]).astype(bool).argmax()) + RATE // 4
    match = match_sound(expected, played.recording[fade_end:])
    assert played.dropouts.can_explain(match.cut_count)
    assert match.first < RATE // 2
    assert match.last > len(expected) - RATE // 10
    assert not played.recording[fade_end + match.end :].any()


def test_mute_during_playback_takes_effect_promptly_with_a_fade(stems: list[Path], tmp_path: Path) -> None:
    script = """
session.play()
until(88200)
mute("vocals", "drums")
assert ended.wait(60)
"""
    played = record_playback(SETUP + script + CLOSE, tmp_path, *stems)
    match = match_sound(audible_mix(stems), played.recording)
    assert played.dropouts.can_explain(match.cut_count)
    # Playback was muted at frame 88200; the latency of the card and of a busy machine is added to that.
    assert 0 <= RATE // 2 + match.last - 2 * RATE < 0.25 * RATE
    fading = played.recording[match.end :]
    assert 0 < len(np.flatnonzero(np.abs(fading).max(axis=1))) <= RATE // 50


def test_track_of_another_sample_rate_keeps_its_pitch_and_length(tmp_path: Path) -> None:
    time = np.arange(3 * 22050) / 22050
    sound = np.where((time > 0.5) & (time < 2.5), 0.5 * np.sin(2 * np.pi * 1000 * time), 0)
    path = tmp_path / "mono.wav"
    soundfile.write(path, sound, 22050, subtype="PCM_16")
    recording = record_playback(SETUP + "session.play(); assert ended.wait(60)" + CLOSE, tmp_path, path).recording
    loud = np.flatnonzero(np.abs(recording[:, 0]) > 0.2)
    assert abs((loud[-1] - loud[0]) / RATE - 2.0) < 0.05
    inside = recording[loud[0] + RATE // 2 :][:RATE, 0]
    peak = np.abs(np.fft.rfft(inside)).argmax()
    assert abs(peak - 1000) <= 1
    np.testing.assert_array_equal(recording[:, 0], recording[:, 1])


PARTIAL_RESULT_SCRIPT = """
import sys, threading
from pathlib import Path
import numpy as np
import soundfile
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.playback.partial_source import PartialSource
from desktop.segments.grid import Segmentation
from desktop.segments.store import StoreManifest, SegmentStore

folder = Path(sys.argv[1])
sound = soundfile.read(folder / "song.wav", dtype="float32")[0].T
how = Segmentation(length=44100, stride=44100)
store = SegmentStore.create(folder / "segments" / "key", StoreManifest("key", ("vocals",), 44100, 2, sound.shape[1], how))

def finish(*numbers):
    for number in numbers:
        segment = store.grid.segments[number]
        store.write(segment, sound[None, :, segment.start : segment.end])

finish(0, 1)
session = Session()
session.set_output(OutputSettings(max_latency_ms=0))  # a change of the latency would be a gap
song = PartialSource(folder / "segments", folder / "draft", store.manifest)
session.open(song, song.lane_names)
ended, moment = threading.Event(), threading.Event()
session.on_ended = ended.set
session.play()
while not session.is_buffering:
    assert not ended.is_set()
    moment.wait(0.01)
moment.wait(0.8)
assert session.is_playing and 1.9 * 44100 < session.position <= 2 * 44100
finish(2, 3)
assert ended.wait(60)
moment.wait(0.4)
session.close()
"""


def test_playback_waits_at_unfinished_segments_and_resumes_by_itself(tmp_path: Path) -> None:
    sound = np.zeros((4 * RATE, 2), np.float32)
    sound[RATE // 2 : -RATE // 2] = np.random.default_rng(2).normal(0, 0.05, (3 * RATE, 2))
    soundfile.write(tmp_path / "song.wav", sound, RATE, subtype="FLOAT")
    played = record_playback(PARTIAL_RESULT_SCRIPT, tmp_path, tmp_path)
    before, after = split_at_silence(played.recording)
    # The fades at the gap are 10 ms long; nothing else may differ.
    fade = RATE // 50
    stopped, resumed = match_sound(sound, before), match_sound(sound, after[fade:])
    assert played.dropouts.can_explain(stopped.cut_count + resumed.cut_count)
    assert 2 * RATE - fade <= stopped.last <= 2 * RATE
    assert len(before) - stopped.end <= fade
    assert 2 * RATE <= resumed.first <= 2 * RATE + fade or resumed.cut_count
    assert resumed.end == len(after) - fade
