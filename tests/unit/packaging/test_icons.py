"""The icons in the forms of Windows and macOS, read back by Qt and by their own rules."""

import struct
from pathlib import Path

from icons import write_icns, write_ico
from PySide6.QtGui import QImageReader
from version_resource import write_version_resource

PNG = b"\x89PNG\r\n\x1a\n"


def test_windows_finds_a_picture_of_every_size(tmp_path: Path) -> None:
    reader = QImageReader(str(write_ico(tmp_path / "deep" / "unbraid.ico")))
    sizes = []
    for number in range(reader.imageCount()):
        reader.jumpToImage(number)
        sizes.append(reader.read().width())
    assert sizes == [16, 24, 32, 48, 64, 128, 256]


def test_the_icon_for_macos_holds_whole_pictures_under_apple_s_names(tmp_path: Path) -> None:
    data = write_icns(tmp_path / "unbraid.icns").read_bytes()
    assert data[:4] == b"icns"
    assert struct.unpack(">I", data[4:8])[0] == len(data)
    place, names = 8, []
    while place < len(data):
        name, size = struct.unpack(">4sI", data[place : place + 8])
        assert data[place + 8 : place + 16] == PNG
        names.append(name)
        place += size
    assert place == len(data)
    assert {b"ic07", b"ic08", b"ic09"} <= set(names)


def test_the_version_resource_is_an_expression_that_states_this_version(tmp_path: Path) -> None:
    text = write_version_resource(tmp_path / "version.txt").read_text(encoding="utf-8")
    from product import version

    compile(text, "version.txt", "eval")
    assert f"StringStruct('ProductVersion', '{version()}')" in text
    assert f"filevers=({version().replace('.', ', ')}, 0)" in text
