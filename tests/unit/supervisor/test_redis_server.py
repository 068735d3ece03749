"""The library's own Redis: a short socket path, in a folder that only the user can open."""

import os
from pathlib import Path

import pytest

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.logging_setup import log_file
from desktop.supervisor.redis_server import RedisServer, find_binary

# Bytes that the path of a Unix socket may have on macOS; 108 on Linux.
MAX_SOCKET_PATH_BYTES = 104


@pytest.mark.parametrize("runtime", ["", "/run/user/1000", "/" + "a long folder" * 12])
def test_socket_path_is_short_wherever_the_library_is(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    library = Home(Path("/") / "music" / ("ä folder with a long name" * 40))
    assert len(os.fsencode(library.redis_socket)) < MAX_SOCKET_PATH_BYTES
    assert library.root not in library.redis_socket.parents


def test_each_library_has_its_own_socket() -> None:
    assert Home(Path("/one")).redis_socket != Home(Path("/other")).redis_socket


def make_fake_server(folder: Path, script: str) -> Path:
    """Create a folder with a script called redis-server, and return the folder."""
    folder.mkdir()
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def test_redis_servers_that_do_not_work_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = make_fake_server(tmp_path / "broken", "exit 127")
    failing = make_fake_server(
        tmp_path / "failing", '[ "$1" = --version ] && echo v=7.0.0 || { echo it limps >&2; exit 1; }'
    )
    working = find_binary()
    monkeypatch.setenv("PATH", f"{broken}{os.pathsep}{failing}{os.pathsep}{os.environ['PATH']}")
    home = Home(tmp_path / "library").create_folders()
    server = RedisServer(home)
    child = server.start()
    server.stop()
    assert child.process.args[0] == str(working)
    assert "it limps" in log_file(home, "redis").read_text()


def test_error_without_a_working_redis_names_a_log_that_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "library").create_folders()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(make_fake_server(tmp_path / "broken", "exit 127")))
    with pytest.raises(ServiceUnavailableError, match="Install one"):
        RedisServer(home).start()
    script = '[ "$1" = --version ] && echo v=7.0.0 || { echo it limps >&2; exit 1; }'
    monkeypatch.setenv("PATH", f"{make_fake_server(tmp_path / 'failing', script)}{os.pathsep}/bin")
    with pytest.raises(ServiceUnavailableError) as caught:
        RedisServer(home).start()
    assert str(log_file(home, "redis")) in str(caught.value)
    assert "it limps" in log_file(home, "redis").read_text()


def test_socket_folder_is_made_private_even_if_it_was_not_before(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    home.runtime_dir.mkdir(parents=True, exist_ok=True)
    home.runtime_dir.chmod(0o755)
    server = RedisServer(home)
    server.start()
    try:
        assert home.runtime_dir.stat().st_mode & 0o777 == 0o700
        assert home.redis_socket.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
    assert not home.redis_socket.exists()


def test_redis_starts_with_damaged_data_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").create_folders()
    server = RedisServer(home)
    server.start()
    server.stop()
    for file in [path for path in home.redis_data.rglob("*") if path.is_file()]:
        file.write_bytes(b"this is no append-only file\n" * 50)
    server.start()
    try:
        assert server.child is not None
        assert server.child.is_alive
    finally:
        server.stop()
