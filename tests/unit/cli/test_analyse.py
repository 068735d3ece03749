"""What `unbraid analyse` prints of an analysis, and that a file that crashes its decoder ends in a sentence."""

import json
import sys
from pathlib import Path

import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.cli.analyse import analysis_to_json, format_analysis
from desktop.cli.analysis_process import analyse_untrusted
from desktop.errors import UnusableTrackError
from desktop.runtime import message_child

ANALYSIS = SongAnalysis(
    grid=BeatGrid((0.51234, 1.01234, 1.51234, 2.01234, 2.51234), first_downbeat=1, beats_per_bar=3),
    tempo_bpm=119.99999,
    key=Key.parse("F# minor"),
    tuning_cents=-3.14159,
    chords=(Chord(0.0, 1.0, "F#m"), Chord(1.0, 65.0, "Bb7")),
)


def test_json_object_has_ascii_names_and_rounded_times() -> None:
    assert json.loads(json.dumps(analysis_to_json(ANALYSIS))) == {
        "tempo": 120.0,
        "first_beat": 0.5123,
        "beats": [0.5123, 1.0123, 1.5123, 2.0123, 2.5123],
        "downbeats": [1.0123, 2.5123],
        "metre": 3,
        "key": "F# minor",
        "relative_key": "A major",
        "tuning_cents": -3.1,
        "chords": [{"start": 0.0, "end": 1.0, "name": "F#m"}, {"start": 1.0, "end": 65.0, "name": "Bb7"}],
    }


def test_song_without_beat_and_key_has_the_same_fields() -> None:
    empty = analysis_to_json(SongAnalysis())
    assert empty.keys() == analysis_to_json(ANALYSIS).keys()
    assert (empty["tempo"], empty["beats"], empty["key"], empty["relative_key"]) == (None, [], None, None)


def test_text_is_for_people() -> None:
    assert format_analysis(ANALYSIS).splitlines() == [
        "Tempo   120 beats per minute, 3 in a bar, the first at 0:00.51",
        "Key     F♯ minor, or A major",
        "Tuning  -3 cents",
        "Chords  0:00 F♯m  0:01 B♭7",
    ]
    assert format_analysis(SongAnalysis()).splitlines()[:2] == ["Tempo   no steady beat", "Key     –"]


@pytest.mark.parametrize(
    "child",
    [
        "import ctypes; ctypes.string_at(0)",
        "print('[\"progress\", 0.5]', flush=True); import os; os.abort()",
        "print('[\"analysis\", {\"gr', end='')",
    ],
    ids=["crashes", "crashes later", "dies while it writes"],
)
def test_file_that_crashes_its_decoder_ends_in_a_sentence(child: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_child, "own_command", lambda *_: [sys.executable, "-c", child])
    with pytest.raises(UnusableTrackError, match=r"song\.mp3 crashed its decoder"):
        analyse_untrusted(Path("song.mp3"), lambda fraction: None)
