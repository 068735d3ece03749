"""Channel layouts and their downmix to stereo.

A layout lists the loudspeaker of each channel by FFmpeg's names: FL front left, FC front centre, LFE low frequencies,
BL back left, SL side left, BC back centre, T… top.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Layout = tuple[str, ...]

MONO: Layout = ("FC",)
STEREO: Layout = ("FL", "FR")
# FFmpeg's native order. Up to TBR it is also the bit order of the channel masks in WAV files (WAVEFORMATEXTENSIBLE).
_NATIVE_ORDER = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
    "DL", "DR", "WL", "WR", "SDL", "SDR", "LFE2", "TSL", "TSR", "BFC", "BFL", "BFR", "SSL", "SSR", "TTL", "TTR",
)  # fmt: skip
_MASK_ORDER = _NATIVE_ORDER[: _NATIVE_ORDER.index("TBR") + 1]
# Layouts of files that declare none: RFC 9639 (FLAC), section 9.1.3, which most WAV files follow as well.
_DEFAULT_LAYOUTS: dict[int, Layout] = {
    1: MONO,
    2: STEREO,
    3: ("FL", "FR", "FC"),
    4: ("FL", "FR", "BL", "BR"),
    5: ("FL", "FR", "FC", "BL", "BR"),
    6: ("FL", "FR", "FC", "LFE", "BL", "BR"),
    7: ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    8: ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
_MINUS_3_DB = float(np.sqrt(0.5))
# Gain of each channel in left and right. ITU-R BS.775, Annex 4: centre and surround are lowered by 3 dB; LFE is left
# out, as it only repeats the bass of the other channels. A single surround channel is split in two first, which lowers
# it by 3 dB more (ATSC A/52, section 7.8). Channels not covered by these documents get the gains of their neighbours.
_FRONT_LEFT_GAINS, _FRONT_RIGHT_GAINS = (1.0, 0.0), (0.0, 1.0)
_CENTRE_GAINS = (_MINUS_3_DB, _MINUS_3_DB)
_SURROUND_LEFT_GAINS, _SURROUND_RIGHT_GAINS = (_MINUS_3_DB, 0.0), (0.0, _MINUS_3_DB)
_BACK_CENTRE_GAINS = (0.5, 0.5)
_CHANNEL_GAINS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("FL", "DL", "FLC", "WL", "BFL"), _FRONT_LEFT_GAINS),
    **dict.fromkeys(("FR", "DR", "FRC", "WR", "BFR"), _FRONT_RIGHT_GAINS),
    **dict.fromkeys(("FC", "BFC"), _CENTRE_GAINS),
    **dict.fromkeys(("SL", "BL", "SDL", "SSL", "TFL", "TSL", "TBL", "TTL"), _SURROUND_LEFT_GAINS),
    **dict.fromkeys(("SR", "BR", "SDR", "SSR", "TFR", "TSR", "TBR", "TTR"), _SURROUND_RIGHT_GAINS),
    **dict.fromkeys(("BC", "TC", "TFC", "TBC"), _BACK_CENTRE_GAINS),
    **dict.fromkeys(("LFE", "LFE2"), (0.0, 0.0)),
    # Ambisonics, in ACN order with SN3D normalization: two cardioids facing left and right.
    "AMBI0": (0.5, 0.5),
    "AMBI1": (0.5, -0.5),
}


def layout_or_default(layout: Layout) -> Layout:
    """Return `layout`, or the default layout of as many channels if none of its loudspeakers has a gain."""
    return layout if any(any(_CHANNEL_GAINS.get(name, ())) for name in layout) else default_layout(len(layout))


def is_in_native_order(layout: Layout) -> bool:
    """Return whether `layout` has only loudspeakers that FFmpeg knows, each once and in FFmpeg's native order."""
    indexes = [_NATIVE_ORDER.index(name) if name in _NATIVE_ORDER else -1 for name in layout]
    return -1 not in indexes and all(before < after for before, after in pairwise(indexes))


def layout_from_mask(mask: int) -> Layout:
    """Return the layout for the channel mask of a WAV file."""
    return tuple(name for bit, name in enumerate(_MASK_ORDER) if mask >> bit & 1)


def default_layout(channels: int) -> Layout:
    """Return the layout of a file that declares none: left and right alternate if it has more than eight channels."""
    return _DEFAULT_LAYOUTS.get(channels) or tuple("FL" if number % 2 == 0 else "FR" for number in range(channels))


def stereo_downmix_matrix(layout: Layout) -> NDArray[np.float64]:
    """Return float64 gains `[2, channels]` that mix a layout down to stereo without exceeding full scale."""
    matrix = np.array([_stereo_gains(name) for name in layout], dtype=np.float64).T
    return matrix / np.abs(matrix).sum(axis=1).max()


def _stereo_gains(name: str) -> tuple[float, float]:
    # Stereo has no height or depth, so those ambisonics channels are left out. Unknown loudspeakers get
    # the gains of a back centre.
    return _CHANNEL_GAINS.get(name, (0.0, 0.0) if name.startswith("AMBI") else _BACK_CENTRE_GAINS)
