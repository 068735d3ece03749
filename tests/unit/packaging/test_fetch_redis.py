"""The Redis for Windows that is pinned, and nothing else, gets into the bundle."""

import hashlib
import io
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from windows.fetch_redis import PIN, FetchError, fetch, main

from tests.helpers.http_server import FileServer

FILES = {
    "Redis/redis-server.exe": b"MZ server",
    "Redis/msys-2.0.dll": b"MZ library",
    "Redis/redis-cli.exe": b"MZ client",
    "Redis/README.md": b"words",
    "elsewhere/msys-3.dll": b"MZ stranger",
    "../../redis-server.exe": b"MZ intruder",
}


def archive(files: dict[str, bytes] = FILES) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    return packed.getvalue()


def pin(server: FileServer, data: bytes) -> dict[str, object]:
    return {
        "url": f"{server.url}/redis.zip", "sha256": hashlib.sha256(data).hexdigest(), "folder": "Redis",
        "files": ["redis-server.exe", "msys-2.0.dll"],
    }  # fmt: skip


def test_the_server_and_its_libraries_are_unpacked_and_nothing_else(tmp_path: Path) -> None:
    data, folder = archive(), tmp_path / "redis"
    folder.mkdir()
    (folder / "of an older one.dll").touch()
    with FileServer({"redis.zip": data}) as server:
        fetch(pin(server, data), folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "redis-server.exe": b"MZ server",
        "msys-2.0.dll": b"MZ library",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["redis"]


def test_a_file_with_another_digest_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    forged = archive(FILES | {"Redis/redis-server.exe": b"MZ forged"})
    with (
        FileServer({"redis.zip": forged}) as server,
        pytest.raises(FetchError, match="is not the file that was pinned"),
    ):
        fetch(pin(server, archive()), tmp_path / "redis")
    assert not (tmp_path / "redis").exists()


def test_a_download_that_breaks_off_is_told_in_a_sentence(tmp_path: Path) -> None:
    data = archive()
    with FileServer({"redis.zip": data}, cut_after_bytes=100) as server, pytest.raises(FetchError):
        fetch(pin(server, data), tmp_path / "redis")
    with FileServer({}) as server, pytest.raises(FetchError, match="could not be downloaded"):
        fetch(pin(server, data), tmp_path / "redis")
    assert not (tmp_path / "redis").exists()


def test_an_archive_without_the_server_is_refused(tmp_path: Path) -> None:
    data = archive({"Redis/README.md": b"words"})
    with FileServer({"redis.zip": data}) as server, pytest.raises(FetchError, match=r"no redis-server\.exe"):
        fetch(pin(server, data), tmp_path / "redis")


def test_the_pin_is_whole_and_of_a_redis_under_the_bsd_licence() -> None:
    said = tomllib.loads(PIN.read_text(encoding="utf-8"))
    assert re.fullmatch(r"[0-9a-f]{64}", said["sha256"])
    assert said["url"].startswith("https://")
    assert said["version"] in said["url"]
    assert (said["licence"], tuple(map(int, said["version"].split(".")))[:2]) == ("BSD-3-Clause", (7, 2))
    # The first of this line without CVE-2025-49844.
    assert tuple(map(int, said["version"].split("."))) >= (7, 2, 11)
    assert "redis-server.exe" in said["files"]
    assert not [name for name in said["files"] if "*" in name]


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "fetch_redis.py FOLDER" in capsys.readouterr().err
