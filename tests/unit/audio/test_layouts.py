"""Each channel of surround sound is mixed to its own side, in every container and channel order."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.audio.downmix import default_layout, layout_or_default, stereo_downmix_matrix
from tests.helpers.release import release_except
from tests.helpers.sound import decode_track, run_ffmpeg

RATE, FRAMES = 48000, 16000
LAYOUTS = {
    "3.0": "FL FR FC", "2.1": "FL FR LFE", "3.0(back)": "FL FR BC", "4.0": "FL FR FC BC", "quad": "FL FR BL BR",
    "quad(side)": "FL FR SL SR", "3.1": "FL FR FC LFE", "4.1": "FL FR FC LFE BC", "5.0": "FL FR FC BL BR",
    "5.0(side)": "FL FR FC SL SR", "5.1": "FL FR FC LFE BL BR", "5.1(side)": "FL FR FC LFE SL SR",
    "6.0": "FL FR FC BC SL SR", "hexagonal": "FL FR FC BL BR BC", "6.1": "FL FR FC LFE BC SL SR",
    "6.1(back)": "FL FR FC LFE BL BR BC", "7.0": "FL FR FC BL BR SL SR", "7.1": "FL FR FC LFE BL BR SL SR",
    "7.1(wide)": "FL FR FC LFE BL BR FLC FRC", "7.1(wide-side)": "FL FR FC LFE FLC FRC SL SR",
    "octagonal": "FL FR FC BL BR BC SL SR",
}  # fmt: skip
VORBIS = ("3.0", "quad", "5.0", "5.1", "6.1", "7.1")
DOLBY = ("2.1", "3.0(back)", "3.0", "quad(side)", "4.0", "3.1", "4.1", "5.0(side)", "5.1(side)", "5.1")
# Formats that ffmpeg writes without reordering channels: by file suffix, the encoder's options and the layouts. MOV
# omits 6.1, because ffmpeg writes it in another order than the one it declares.
FILES = {
    "wav": ("-c:a pcm_s16le", LAYOUTS), "rf64.wav": ("-rf64 always", LAYOUTS),
    "w64": ("-c:a pcm_s24le", LAYOUTS), "aiff": ("", LAYOUTS), "caf": ("-c:a pcm_s16le", LAYOUTS),
    "alac.caf": ("-c:a alac", ("3.0", "4.0", "5.0", "5.1", "6.1(back)")), "mov": ("-c:a pcm_s16le", LAYOUTS.keys() - {"6.1"}),
    "flac": ("", LAYOUTS), "oga": ("-c:a flac -metadata:s:a WAVEFORMATEXTENSIBLE_CHANNEL_MASK={mask:#x}", LAYOUTS),
     "flac.mka": ("-c:a flac", LAYOUTS), "wv": ("", LAYOUTS),
    "ogg": ("-c:a libvorbis -q:a 8", VORBIS), "vorbis.mka": ("-c:a libvorbis -q:a 8", VORBIS),
    "opus": ("-c:a libopus -mapping_family 1 -b:a 400k", VORBIS),
    "m4a": ("-c:a aac -b:a 500k", ("3.0", "4.0", "5.0", "5.1", "5.1(side)", "6.1", "7.1")),
    "aac": ("-c:a aac -b:a 500k", ("3.0", "4.0", "5.0", "5.1", "5.1(side)", "7.1")),
    "alac.m4a": ("-c:a alac", ("3.0", "4.0", "5.0", "5.1", "6.1(back)", "7.1(wide)")),
    "ac3": ("-b:a 640k", DOLBY), "eac3": ("-b:a 900k", DOLBY), "ac3.mp4": ("-c:a ac3 -b:a 640k", DOLBY),
    "ac3.mkv": ("-c:a ac3 -b:a 640k", DOLBY), "ts": ("-c:a ac3 -b:a 640k", DOLBY), "vob": ("-c:a ac3 -b:a 640k", DOLBY),
    "dts": ("-c:a dca -strict -2 -b:a 1500k", ("quad(side)", "5.0(side)", "5.1(side)")),
}  # fmt: skip
SIDES = {"LFE": "", **dict.fromkeys(("FC", "BC"), "LR")}


def pitches(names: list[str]) -> list[int]:
    """Return the pitch of each channel's tone in Hz."""
    return [60 if name == "LFE" else 400 + 200 * number for number, name in enumerate(names)]


def channel_mask(names: list[str]) -> int:
    """Return the channel mask of a WAV file with these channels."""
    bits = ["FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR"]
    return sum(1 << bits.index(name) for name in names)


def write_tones(path: Path, names: list[str]) -> Path:
    """Write one tone per channel as raw 32-bit floats."""
    time = np.arange(FRAMES) / RATE
    sound = np.stack([0.1 * np.sin(2 * np.pi * pitch * time) for pitch in pitches(names)], axis=1)
    path.write_bytes(sound.astype("<f4").tobytes())
    return path


def audible_sides(track: Path, out: Path, names: list[str]) -> list[str]:
    """Return the output sides that contain each channel's tone: L, R, LR or an empty string."""
    sound = decode_track(track, out).read(0, FRAMES)
    time, window = np.arange(sound.shape[1]) / RATE, np.hanning(sound.shape[1])
    levels = [2 * abs(sound * window @ np.exp(-2j * np.pi * pitch * time)) / window.sum() for pitch in pitches(names)]
    return ["".join(side for side, level in zip("LR", pair, strict=True) if level > 0.005) for pair in levels]


@pytest.mark.parametrize("layout", release_except(("3.0", "quad", "5.1"), LAYOUTS))
def test_every_channel_is_mixed_to_its_side(layout: str, tmp_path: Path) -> None:
    names = LAYOUTS[layout].split()
    raw = write_tones(tmp_path / "raw", names)
    files = [
        (tmp_path / f"song.{suffix}", options) for suffix, (options, layouts) in FILES.items() if layout in layouts
    ]
    outputs = [
        argument for path, options in files for argument in (*options.format(mask=channel_mask(names)).split(), path)
    ]
    run_ffmpeg("-f", "f32le", "-ar", str(RATE), "-ac", str(len(names)), "-channel_layout", layout, "-i", raw, *outputs)
    expected = [SIDES.get(name, name[-1] if not name.endswith("C") else name[1]) for name in names]
    sides = {path.name: audible_sides(path, tmp_path / "mixture.wav", names) for path, _ in files}
    assert sides == {path.name: expected for path, _ in files}


@pytest.mark.parametrize("suffix", ["au", "mka", "tta"])
@pytest.mark.parametrize("layout", ["quad", "5.1"])
def test_file_without_a_declared_layout_uses_the_default_channel_order(
    layout: str, suffix: str, tmp_path: Path
) -> None:
    names = LAYOUTS[layout].split()
    raw, codec = write_tones(tmp_path / "raw", names), {"au": "pcm_s16be", "mka": "pcm_s16le", "tta": "tta"}[suffix]
    track = tmp_path / f"song.{suffix}"
    run_ffmpeg("-f", "f32le", "-ar", str(RATE), "-ac", str(len(names)), "-channel_layout", layout, "-i", raw,
           "-c:a", codec, track)  # fmt: skip
    assert audible_sides(track, tmp_path / "mixture.wav", names) == [SIDES.get(name, name[-1]) for name in names]


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        (124 << 16 | 6, "FC FL FR SL SR LFE"),
        (123 << 16 | 6, "FL FC FR SL SR LFE"),
        (125 << 16 | 7, "FL FR FC LFE SL SR BC"),
    ],
    ids=["MPEG 5.1 D", "MPEG 5.1 C", "MPEG 6.1"],
)
def test_aiff_layout_tag_determines_the_channel_order(tag: int, names: str, tmp_path: Path) -> None:
    order = names.split()
    sound = np.frombuffer(write_tones(tmp_path / "raw", order).read_bytes(), "<f4").reshape(FRAMES, -1)
    soundfile.write(tmp_path / "song.aiff", sound, RATE, subtype="PCM_24")
    data = (tmp_path / "song.aiff").read_bytes()
    # Apple's layout tag with Core Audio's numbers: MPEG 5.1 in the orders D and C, and MPEG 6.1.
    chunk = b"CHAN" + struct.pack(">IIII", 12, tag, 0, 0)
    size = struct.pack(">I", len(data) + len(chunk) - 8)
    (tmp_path / "song.aiff").write_bytes(data[:4] + size + data[8:12] + chunk + data[12:])
    expected = [SIDES.get(name, name[-1]) for name in order]
    assert audible_sides(tmp_path / "song.aiff", tmp_path / "mixture.wav", order) == expected


def test_channel_mask_that_does_not_match_the_channels_is_ignored(tmp_path: Path) -> None:
    sound = np.zeros((1000, 4))
    soundfile.write(tmp_path / "song.wav", sound, RATE, subtype="PCM_16", format="WAVEX")
    data = bytearray((tmp_path / "song.wav").read_bytes())
    mask_offset = data.index(b"fmt ") + 8 + 20
    for value in (0, 0x3, 0x80000000, 0xFFFFFFFF):
        data[mask_offset : mask_offset + 4] = value.to_bytes(4, "little")
        (tmp_path / "song.wav").write_bytes(data)
        (notice,) = decode_track(tmp_path / "song.wav", tmp_path / "mixture.wav").notices
        assert str(notice) == "Its 4 channels were mixed down to stereo."


def test_ambisonic_sources_are_decoded_to_left_and_right(tmp_path: Path) -> None:
    time = np.arange(FRAMES) / RATE
    # Two sources, fully left and fully right: W is their sum, Y their difference (ACN order, SN3D levels).
    left, right = (0.1 * np.sin(2 * np.pi * pitch * time) for pitch in (400, 600))
    sound = np.stack([left + right, left - right, 0 * left, 0 * left], axis=1)
    (tmp_path / "raw").write_bytes(sound.astype("<f4").tobytes())
    run_ffmpeg("-f", "f32le", "-ar", str(RATE), "-ac", "4", "-i", tmp_path / "raw", "-c:a", "libopus", "-b:a", "400k",
           "-mapping_family", "2", tmp_path / "song.opus")  # fmt: skip
    assert audible_sides(tmp_path / "song.opus", tmp_path / "mixture.wav", ["FL", "FR"]) == ["L", "R"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_downmix_weights_follow_the_itu_recommendation(layout: str) -> None:
    names = tuple(LAYOUTS[layout].split())
    matrix = stereo_downmix_matrix(names)
    front = matrix[0, names.index("FL")]
    minus_3_db = pytest.approx(front * 0.5**0.5)
    assert matrix[1, names.index("FR")] == front
    for name, (left, right) in zip(names, matrix.T, strict=True):
        match name:
            case "FC":
                assert left == right == minus_3_db
            case "BL" | "SL":
                assert (left, right) == (minus_3_db, 0)
            case "BC":
                assert left == right == pytest.approx(front / 2)
            case "LFE":
                assert left == right == 0
            case _:
                assert {left, right} == {front, 0} or name in ("BR", "SR")


@pytest.mark.parametrize("layout", [("LFE",) * 3, ("NONE",) * 6, ("AMBI2",) * 4, ("USR64",) * 12])
def test_layout_without_audible_channels_is_replaced_by_the_default(layout: tuple[str, ...]) -> None:
    assert layout_or_default(layout) == default_layout(len(layout))
    assert np.isfinite(stereo_downmix_matrix(layout_or_default(layout))).all()
