"""Reading of stem files for DJs."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from desktop.audio.av_frames import frame_to_float64


def decode_tracks(path: Path) -> list[NDArray[np.float64]]:
    """Return the audio of each of the five tracks, `[frames, channels]`."""
    tracks: list[NDArray[np.float64]] = []
    for number in range(5):
        with av.open(str(path)) as container:
            frames = [frame_to_float64(frame) for frame in container.decode(audio=number)]
            tracks.append(np.concatenate(frames, axis=1).T)
    return tracks
