"""A session in a program of its own, whose sound a virtual card records: the beginning and the end of its script."""

from pathlib import Path

import numpy as np
import soundfile

from tests.helpers.sound_card import SAMPLE_RATE

OPEN_STEMS = """
import sys, threading
from dataclasses import replace
from pathlib import Path
from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.playback.source import StemFileSource
paths = [Path(word) for word in sys.argv[1:] if word.endswith(".wav")]
session = Session()
session.set_output(OutputSettings(max_latency_ms=0))  # a change of the latency would be a gap
ended = threading.Event()
session.on_ended = ended.set
session.open(StemFileSource(paths), [path.stem for path in paths])
"""
"""Opens the stems among the arguments in `session`; `ended` is set at the end of the song."""
CLOSE = """
ended.clear()
ended.wait(0.4)
session.close()
"""
"""Closes the session, once the card has played what it has."""


def write_stems(folder: Path) -> list[Path]:
    """Write two 16-bit stems of 4 s with silence at both ends, because the ends of a stream may be cut."""
    random = np.random.default_rng(1)
    paths: list[Path] = []
    for name in ("vocals", "drums"):
        sound = np.zeros((4 * SAMPLE_RATE, 2))
        sound[SAMPLE_RATE // 2 : -SAMPLE_RATE // 2] = random.normal(0, 0.05, (3 * SAMPLE_RATE, 2))
        paths.append(folder / f"{name}.wav")
        soundfile.write(paths[-1], sound, SAMPLE_RATE, subtype="PCM_16")
    return paths
