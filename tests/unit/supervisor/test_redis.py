"""Where the library's own Redis listens: a short path, in a folder that is the user's alone."""

import os
from pathlib import Path

import pytest

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.runtime.logging_setup import log_file
from desktop.supervisor.redis_server import RedisServer, find_binary

# What a unix socket's path may have on macOS; 108 on Linux.
LONGEST = 104


@pytest.mark.parametrize("runtime", ["", "/run/user/1000", "/" + "a long folder" * 12])
def test_the_socket_s_path_is_short_wherever_the_library_lies(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    library = Home(Path("/") / "music" / ("ä folder with a long name" * 40))
    assert len(os.fsencode(library.redis_socket)) < LONGEST
    assert library.root not in library.redis_socket.parents


def test_each_library_has_a_socket_of_its_own() -> None:
    assert Home(Path("/one")).redis_socket != Home(Path("/other")).redis_socket


def server_that(folder: Path, script: str) -> Path:
    """A program called redis-server that is none."""
    folder.mkdir()
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def test_servers_that_do_not_work_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = server_that(tmp_path / "broken", "exit 127")
    lame = server_that(tmp_path / "lame", '[ "$1" = --version ] && echo v=7.0.0 || { echo it limps >&2; exit 1; }')
    good = find_binary()
    monkeypatch.setenv("PATH", f"{broken}{os.pathsep}{lame}{os.pathsep}{os.environ['PATH']}")
    home = Home(tmp_path / "library").create_folders()
    server = RedisServer(home)
    child = server.start()
    server.stop()
    assert child.process.args[0] == str(good)
    assert "it limps" in log_file(home, "redis").read_text()


def test_where_no_server_works_the_log_that_is_named_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "library").create_folders()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(server_that(tmp_path / "broken", "exit 127")))
    with pytest.raises(ServiceUnavailableError, match="Install one"):
        RedisServer(home).start()
    script = '[ "$1" = --version ] && echo v=7.0.0 || { echo it limps >&2; exit 1; }'
    monkeypatch.setenv("PATH", f"{server_that(tmp_path / 'lame', script)}{os.pathsep}/bin")
    with pytest.raises(ServiceUnavailableError) as caught:
        RedisServer(home).start()
    assert str(log_file(home, "redis")) in str(caught.value)
    assert "it limps" in log_file(home, "redis").read_text()


def test_the_folder_of_the_socket_is_the_user_s_alone_also_when_it_was_not(tmp_path: Path) -> None:
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


def test_a_damaged_data_file_is_set_aside_and_redis_starts(tmp_path: Path) -> None:
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
