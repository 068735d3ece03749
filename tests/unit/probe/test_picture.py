"""Cover thumbnails are read from raster formats only, with a limit on the number of pixels."""

import struct
import zlib
from pathlib import Path

import pytest

from desktop.probe.picture import read_picture
from tests.helpers.http_server import FileServer
from tests.helpers.sound import run_ffmpeg

SIDE = 30
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def write_stripes(path: Path, *colours: str, vertical: bool = False) -> Path:
    """Write a picture with one square of 100 x 100 per colour, side by side or one below the other."""
    sources = [argument for colour in colours for argument in ("-f", "lavfi", "-i", f"color={colour}:s=100x100:d=1")]
    run_ffmpeg(*sources, "-filter_complex", f"{'v' if vertical else 'h'}stack={len(colours)}", "-frames:v", "1", path)
    return path


def corner_colours(path: Path) -> list[tuple[int, ...]]:
    """Return the colours near the corners: top left, top right, bottom left, bottom right."""
    picture = read_picture(path, SIDE)
    assert picture is not None
    assert len(picture.pixels) == 4 * SIDE * SIDE
    positions = [(4, 4), (SIDE - 5, 4), (4, SIDE - 5), (SIDE - 5, SIDE - 5)]
    pixels = [picture.pixels[4 * (SIDE * y + x) :][:3] for x, y in positions]
    return [tuple(255 * (value > 127) for value in pixel) for pixel in pixels]


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "webp", "bmp"])
def test_cover_is_cropped_to_its_centre_square(tmp_path: Path, suffix: str) -> None:
    wide = write_stripes(tmp_path / f"wide.{suffix}", "red", "blue", "red")
    assert corner_colours(wide) == [BLUE] * 4
    tall = write_stripes(tmp_path / f"tall.{suffix}", "red", "blue", "red", vertical=True)
    assert corner_colours(tall) == [BLUE] * 4


def test_cover_is_not_flipped(tmp_path: Path) -> None:
    assert corner_colours(write_stripes(tmp_path / "beside.png", "red", "blue")) == [RED, BLUE, RED, BLUE]
    assert corner_colours(write_stripes(tmp_path / "below.png", "red", "blue", vertical=True)) == [RED, RED, BLUE, BLUE]


def test_small_picture_is_enlarged_to_the_requested_size(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(png(1, 1, b"\x00\xff"))
    assert corner_colours(tmp_path / "dot.png") == [(255, 255, 255)] * 4


def test_exif_rotation_is_reported(tmp_path: Path) -> None:
    upright = write_stripes(tmp_path / "upright.jpg", "red", "blue").read_bytes()
    exif = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)  # rotated by 90° clockwise
    turned = tmp_path / "turned.jpg"
    turned.write_bytes(upright[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + upright[2:])
    picture = read_picture(turned, SIDE)
    assert picture is not None
    assert picture.rotation == -90


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a\xff\xff\xff\xff",
        b"BM" + b"\xff" * 60,
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/passwd'/></svg>",
    ],
    ids=["empty", "prose", "jpeg", "png", "gif", "bmp", "svg"],
)
def test_file_that_is_not_a_picture_gives_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "cover").write_bytes(data)
    assert read_picture(tmp_path / "cover", SIDE) is None
    assert read_picture(tmp_path / "missing", SIDE) is None
    assert read_picture(tmp_path, SIDE) is None


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 1), (30_000, 100), (1, 50_000)])
def test_small_file_with_an_enormous_picture_gives_none(tmp_path: Path, width: int, height: int) -> None:
    rows = bytes(min((width + 1) * height, 50_000_000))
    (tmp_path / "cover").write_bytes(png(width, height, rows))
    assert read_picture(tmp_path / "cover", SIDE) is None


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {target}\n",
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><image href='{target}'/></svg>",
    ],
    ids=["hls", "concat", "svg"],
)
def test_referenced_picture_is_not_fetched(tmp_path: Path, content: str) -> None:
    write_stripes(tmp_path / "target.png", "red", "blue")
    with FileServer({"target.png": (tmp_path / "target.png").read_bytes()}) as server:
        for target in (f"{server.url}/target.png", "target.png", (tmp_path / "target.png").as_uri()):
            (tmp_path / "cover").write_text(content.format(target=target))
            assert read_picture(tmp_path / "cover", SIDE) is None
        assert server.requests == []
