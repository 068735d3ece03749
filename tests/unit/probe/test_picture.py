"""Covers, small: from plain pixels alone, and never more of them than a cover has."""

import struct
import zlib
from pathlib import Path

import pytest

from desktop.probe.picture import read_picture
from tests.helpers.http_server import FileServer
from tests.helpers.sound import run_ffmpeg

SIDE = 30
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def stripes(path: Path, *colours: str, down: bool = False) -> Path:
    """A picture of 100 x 100 for each colour, side by side, or one below the other."""
    sources = [word for colour in colours for word in ("-f", "lavfi", "-i", f"color={colour}:s=100x100:d=1")]
    run_ffmpeg(*sources, "-filter_complex", f"{'v' if down else 'h'}stack={len(colours)}", "-frames:v", "1", path)
    return path


def seen(path: Path) -> list[tuple[int, ...]]:
    """What is near the corners: left and right above, left and right below."""
    picture = read_picture(path, SIDE)
    assert picture is not None
    assert len(picture.pixels) == 4 * SIDE * SIDE
    places = [(4, 4), (SIDE - 5, 4), (4, SIDE - 5), (SIDE - 5, SIDE - 5)]
    pixels = [picture.pixels[4 * (SIDE * y + x) :][:3] for x, y in places]
    return [tuple(255 * (value > 127) for value in pixel) for pixel in pixels]


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp"])
def test_the_middle_square_is_shown(tmp_path: Path, suffix: str) -> None:
    wide = stripes(tmp_path / f"wide.{suffix}", "red", "blue", "red")
    assert seen(wide) == [BLUE] * 4
    tall = stripes(tmp_path / f"tall.{suffix}", "red", "blue", "red", down=True)
    assert seen(tall) == [BLUE] * 4


def test_left_is_left_and_above_is_above(tmp_path: Path) -> None:
    assert seen(stripes(tmp_path / "beside.png", "red", "blue")) == [RED, BLUE, RED, BLUE]
    assert seen(stripes(tmp_path / "below.png", "red", "blue", down=True)) == [RED, RED, BLUE, BLUE]


def test_a_picture_smaller_than_its_place_fills_it(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(png(1, 1, b"\x00\xff"))
    assert seen(tmp_path / "dot.png") == [(255, 255, 255)] * 4


def test_a_camera_that_was_held_sideways_is_told(tmp_path: Path) -> None:
    upright = stripes(tmp_path / "upright.jpg", "red", "blue").read_bytes()
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)  # a quarter, clockwise
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(upright[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + upright[2:])
    picture = read_picture(turned, SIDE)
    assert picture is not None
    assert picture.rotation == -90


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"not a picture",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a\xff\xff\xff\xff",
            b"BM" + b"\xff" * 60,
        ),
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
    ],
)
def test_what_is_no_picture_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "cover").write_bytes(data)
    assert read_picture(tmp_path / "cover", SIDE) is None
    assert read_picture(tmp_path / "missing", SIDE) is None
    assert read_picture(tmp_path, SIDE) is None


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (30_000, 100), (1, 50_000)])
def test_a_small_file_with_an_enormous_picture_is_none(tmp_path: Path, width: int, height: int) -> None:
    rows = bytes(min((width + 1) * height, 50_000_000))
    (tmp_path / "cover").write_bytes(png(width, height, rows))
    assert read_picture(tmp_path / "cover", SIDE) is None


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{there}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {there}\n",
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{there}'/></svg>",
    ],
    ids=["hls", "concat", "svg"],
)
def test_a_picture_that_is_elsewhere_is_not_fetched(tmp_path: Path, text: str) -> None:
    stripes(tmp_path / "there.png", "red", "blue")
    with FileServer({"there.png": (tmp_path / "there.png").read_bytes()}) as server:
        for there in (f"{server.url}/there.png", "there.png", (tmp_path / "there.png").as_uri()):
            (tmp_path / "cover").write_text(text.format(there=there))
            assert read_picture(tmp_path / "cover", SIDE) is None
        assert server.requests == []
