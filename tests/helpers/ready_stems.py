"""Files of stems as other programs write them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from desktop.audio.ni_stem_file import NI_STEM_SUFFIX
from desktop.audio_formats import ALAC
from desktop.export.ni_stem import NI_STEM_NAMES, NiStemWriter
from tests.helpers.sound import make_noise

RATE = 44100


def write_stem_folder(folder: Path, seconds: float = 1.0, names: tuple[str, ...] = ("vocals", "drums", "bass")) -> Path:
    """Write a 16-bit stereo WAV file of noise for each name into the new folder `folder`, and return it."""
    folder.mkdir(parents=True)
    for seed, name in enumerate(names):
        sound = make_noise(round(seconds * RATE), 2, 0.1, seed)
        soundfile.write(folder / f"{name}.wav", sound.T, RATE, subtype="PCM_16")
    return folder


def write_sounds(folder: Path, sounds: Mapping[str, tuple[NDArray[np.float64], int]], subtype: str = "PCM_16") -> Path:
    """Write sounds `[channels, frames]` with their sample rates into the new folder `folder`, and return it."""
    folder.mkdir(parents=True)
    for name, (sound, rate) in sounds.items():
        soundfile.write(folder / f"{name}.wav", sound.T, rate, subtype=subtype)
    return folder


def write_ni_stems(folder: Path, frames: int = RATE, name: str = "Band - Hit") -> tuple[Path, NDArray[np.float64]]:
    """Write a lossless stem file, and return it with its stems `[stems, channels, frames]` in the order of its tracks."""
    stems = np.stack([np.rint(make_noise(frames, 2, 0.1, seed) * 2**15) / 2**15 for seed in range(len(NI_STEM_NAMES))])
    path = folder / f"{name}{NI_STEM_SUFFIX}"
    with NiStemWriter(path, NI_STEM_NAMES, RATE, 2, audio_format=ALAC, depth="16") as writer:
        writer.write(stems.sum(axis=0).T, stems.transpose(0, 2, 1))
    return path, stems
