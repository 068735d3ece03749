"""The icon files for Windows and macOS, read back by Qt and by the rules of their formats."""

import struct
from pathlib import Path

from icons import write_icns, write_ico
from PySide6.QtGui import QImageReader
from version_resource import write_version_resource

PNG = b"\x89PNG\r\n\x1a\n"


def test_ico_file_contains_a_picture_of_every_size(tmp_path: Path) -> None:
    reader = QImageReader(str(write_ico(tmp_path / "deep" / "unbraid.ico")))
    sizes = []
    for number in range(reader.imageCount()):
        reader.jumpToImage(number)
        sizes.append(reader.read().width())
    assert sizes == [16, 24, 32, 48, 64, 128, 256]


def test_icns_file_contains_complete_pictures_under_apples_names(tmp_path: Path) -> None:
    data = write_icns(tmp_path / "unbraid.icns").read_bytes()
    assert data[:4] == b"icns"
    assert struct.unpack(">I", data[4:8])[0] == len(data)
    offset, names = 8, []
    while offset < len(data):
        name, size = struct.unpack(">4sI", data[offset : offset + 8])
        assert data[offset + 8 : offset + 16] == PNG
        names.append(name)
        offset += size
    assert offset == len(data)
    assert {b"ic07", b"ic08", b"ic09"} <= set(names)


def test_version_resource_is_an_expression_with_this_version(tmp_path: Path) -> None:
    text = write_version_resource(tmp_path / "version.txt").read_text(encoding="utf-8")
    from product import version

    compile(text, "version.txt", "eval")
    assert f"StringStruct('ProductVersion', '{version()}')" in text
    assert f"filevers=({version().replace('.', ', ')}, 0)" in text
