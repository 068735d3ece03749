"""Only the pinned Redis for Windows gets into the bundle."""

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


def make_archive(files: dict[str, bytes] = FILES) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)
    return buffer.getvalue()


def pin(server: FileServer, data: bytes) -> dict[str, object]:
    return {
        "url": f"{server.url}/redis.zip", "sha256": hashlib.sha256(data).hexdigest(), "folder": "Redis",
        "files": ["redis-server.exe", "msys-2.0.dll"],
    }  # fmt: skip


def test_only_the_server_and_its_libraries_are_unpacked(tmp_path: Path) -> None:
    data, folder = make_archive(), tmp_path / "redis"
    folder.mkdir()
    (folder / "of an older one.dll").touch()
    with FileServer({"redis.zip": data}) as server:
        fetch(pin(server, data), folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        "redis-server.exe": b"MZ server",
        "msys-2.0.dll": b"MZ library",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["redis"]


def test_archive_with_another_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    forged = make_archive(FILES | {"Redis/redis-server.exe": b"MZ forged"})
    with (
        FileServer({"redis.zip": forged}) as server,
        pytest.raises(FetchError, match="is not the file that was pinned"),
    ):
        fetch(pin(server, make_archive()), tmp_path / "redis")
    assert not (tmp_path / "redis").exists()


def test_failed_download_raises_a_fetch_error_and_leaves_no_folder(tmp_path: Path) -> None:
    data = make_archive()
    with FileServer({"redis.zip": data}, cut_after_bytes=100) as server, pytest.raises(FetchError):
        fetch(pin(server, data), tmp_path / "redis")
    with FileServer({}) as server, pytest.raises(FetchError, match="could not be downloaded"):
        fetch(pin(server, data), tmp_path / "redis")
    assert not (tmp_path / "redis").exists()


def test_archive_without_the_server_is_refused(tmp_path: Path) -> None:
    data = make_archive({"Redis/README.md": b"words"})
    with FileServer({"redis.zip": data}) as server, pytest.raises(FetchError, match=r"no redis-server\.exe"):
        fetch(pin(server, data), tmp_path / "redis")


def test_pin_is_complete_and_names_a_redis_under_the_bsd_licence() -> None:
    entry = tomllib.loads(PIN.read_text(encoding="utf-8"))
    assert re.fullmatch(r"[0-9a-f]{64}", entry["sha256"])
    assert entry["url"].startswith("https://")
    assert entry["version"] in entry["url"]
    assert (entry["licence"], tuple(map(int, entry["version"].split(".")))[:2]) == ("BSD-3-Clause", (7, 2))
    # The first release of 7.2 without CVE-2025-49844.
    assert tuple(map(int, entry["version"].split("."))) >= (7, 2, 11)
    assert "redis-server.exe" in entry["files"]
    assert not [name for name in entry["files"] if "*" in name]


def test_command_without_arguments_prints_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "fetch_redis.py FOLDER" in capsys.readouterr().err
