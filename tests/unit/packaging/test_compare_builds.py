"""Comparing two builds names each difference, and distinguishes times from other differences."""

import gzip
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import compare_builds
import pytest
from compare_builds import Difference, compare


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path]:
    """Two identical builds."""
    for name in ("a", "b"):
        (tmp_path / name / "_internal").mkdir(parents=True)
        (tmp_path / name / "unbraid").write_bytes(b"\x7fELF" + bytes(64))
        (tmp_path / name / "_internal" / "data").write_text("data")
    return tmp_path / "a", tmp_path / "b"


def pyc(time: int, code: bytes) -> bytes:
    return b"\xa7\x0d\x0d\x0a" + bytes(4) + time.to_bytes(4, "little") + len(code).to_bytes(4, "little") + code


def write_zip(path: Path, year: int, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content, compression)


def write_tar(folder: Path, path: Path, time: int) -> Path:
    def set_time(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mtime = time
        return info

    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(folder, "unbraid", filter=set_time)
    return path


def test_builds_with_the_same_files_compare_equal_whenever_they_were_written(builds: tuple[Path, Path]) -> None:
    os.utime(builds[1] / "unbraid", (1, 1))
    assert compare(*builds) == []


def test_file_in_only_one_build_is_named(builds: tuple[Path, Path]) -> None:
    (builds[0] / "left").touch()
    (builds[1] / "_internal" / "right").touch()
    assert compare(*builds) == [
        Difference("_internal/right", "only in the second"),
        Difference("left", "only in the first"),
    ]


def test_different_sizes_bytes_modes_and_links_are_reported(builds: tuple[Path, Path]) -> None:
    (builds[1] / "unbraid").chmod(0o755)
    (builds[0] / "unbraid").chmod(0o644)
    for build, text, target in zip(builds, ("short", "longer"), ("unbraid", "_internal"), strict=True):
        (build / "size").write_text(text)
        (build / "bytes").write_text(f"same{text[0]}size")
        (build / "link").symlink_to(target)
    assert compare(*builds) == [
        Difference("bytes", "the same size, 1 bytes of it others, the first at 4"),
        Difference("link", "points to unbraid and _internal"),
        Difference("size", "5 bytes and 6 bytes"),
        Difference("unbraid", "-rw-r--r-- and -rwxr-xr-x"),
    ]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("m.pyc", lambda path, year: path.write_bytes(pyc(year, b"code"))),
        ("m.gz", lambda path, year: path.write_bytes(gzip.compress(b"text", mtime=year))),
        ("m.zip", lambda path, year: write_zip(path, year, {"one": b"1", "two": b"2" * 99})),
    ],
    ids=["pyc", "gzip", "zip"],
)
def test_time_within_a_file_is_reported_as_a_difference_of_time_only(
    builds: tuple[Path, Path], name: str, write: Callable[[Path, int], None]
) -> None:
    for build, year in zip(builds, (2020, 2021), strict=True):
        write(build / name, year)
    assert compare(*builds) == [Difference(name, "the time within it", only_time=True)]


def test_differing_member_of_an_archive_is_named(builds: tuple[Path, Path]) -> None:
    for build, code, time in zip(builds, (b"one", b"two"), (1, 2), strict=True):
        write_zip(build / "base_library.zip", 2020, {"a.pyc": pyc(time, b"same"), "b.pyc": pyc(1, code), "c": b"c"})
    assert compare(*builds) == [
        Difference("base_library.zip → a.pyc", "the time within it", only_time=True),
        Difference("base_library.zip → b.pyc", "the same size, 3 bytes of it others, the first at 16"),
    ]


def test_another_compression_is_not_reported_as_a_difference_of_time_only(builds: tuple[Path, Path]) -> None:
    for build, compression in zip(builds, (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED), strict=True):
        write_zip(build / "m.zip", 2020, {"one": b"1" * 99}, compression)
    assert compare(*builds) == [Difference("m.zip", "the same members, packed in another way")]


def test_damaged_archive_is_compared_by_its_bytes(builds: tuple[Path, Path]) -> None:
    content = bytearray(gzip.compress(bytes(range(256)), mtime=0))
    content[10] = 0xFF  # an unknown type of block
    for build, data in zip(builds, (gzip.compress(b"text", mtime=0), content), strict=True):
        (build / "m.gz").write_bytes(data)
    (difference,) = compare(*builds)
    assert difference.path == "m.gz"
    assert not difference.only_time


def test_times_of_the_files_in_a_tar_are_compared_and_named(builds: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = write_tar(builds[0], tmp_path / "a.tar.gz", 100), write_tar(builds[0], tmp_path / "b.tar.gz", 200)
    differences = compare(one, other)
    assert Difference("unbraid/_internal/data", "when it was written", only_time=True) in differences
    assert all(difference.only_time for difference in differences)
    assert compare(one, one) == []


@pytest.mark.skipif(not Path("/usr/bin/dpkg-deb").exists(), reason="no Debian")
def test_contents_of_debs_are_compared(builds: tuple[Path, Path], tmp_path: Path) -> None:
    for build, text in zip(builds, ("data", "other"), strict=True):
        (build / "DEBIAN").mkdir()
        (build / "DEBIAN" / "control").write_text(
            "Package: unbraid\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@b.c>\nDescription: test\n"
        )
        (build / "_internal" / "data").write_text(text)
        command = ["dpkg-deb", "--root-owner-group", "--build", build, tmp_path / f"{build.name}.deb"]
        subprocess.run(command, check=True, capture_output=True)
    differences = [
        difference for difference in compare(tmp_path / "a.deb", tmp_path / "b.deb") if not difference.only_time
    ]
    assert differences == [Difference("_internal/data", "4 bytes and 5 bytes")]


def test_exit_status_distinguishes_times_other_differences_and_errors(
    builds: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(build) for build in builds]
    assert compare_builds.main(arguments) == 0
    assert capsys.readouterr().out == "The builds are the same.\n"
    for build, time in zip(builds, (1, 2), strict=True):
        (build / "m.pyc").write_bytes(pyc(time, b""))
    assert compare_builds.main(arguments) == 0
    assert capsys.readouterr().out.startswith("time    m.pyc: the time within it\n")
    (builds[0] / "more").touch()
    assert compare_builds.main(arguments) == 1
    assert "differs more: only in the first" in capsys.readouterr().out
    (tmp_path / "no.tar").write_text("no archive")
    assert compare_builds.main([arguments[0], str(tmp_path / "no.tar")]) == 2
    assert "no.tar cannot be read" in capsys.readouterr().err


def test_differing_module_packed_by_pyinstaller_is_named(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs scripts/lock/build.txt")
    for name, value in (("a", "one"), ("b", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "word.py").write_text(f"WORD = {value!r}\n")
        (tmp_path / name / "main.py").write_text("import word\n")
        command = [
            sys.executable,
            "-m",
            "PyInstaller",
            "--log-level",
            "ERROR",
            "--distpath",
            str(tmp_path / name),
            "main.py",
        ]
        environment = os.environ | {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1790000000"}
        subprocess.run(command, cwd=tmp_path / name, env=environment, check=True)
    paths = [
        difference.path
        for difference in compare(tmp_path / "a" / "main", tmp_path / "b" / "main")
        if not difference.only_time
    ]
    assert paths == ["main → PYZ.pyz/word"]
