import hashlib
import multiprocessing
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import desktop.models.download as module
from desktop.errors import CancelledError, ModelUnavailableError, StorageError
from desktop.models.catalogue import WeightsFile
from desktop.models.download import download
from desktop.models.storage import partial_path
from desktop.runtime.file_lock import FileLock
from tests.helpers.http_server import FileServer

BODY = np.random.default_rng(0).bytes(1_500_000)
NAME = "weights.th"


@pytest.fixture
def server() -> Generator[FileServer]:
    with FileServer({NAME: BODY}) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / NAME


def wanted(server: FileServer, name: str = NAME) -> WeightsFile:
    return WeightsFile(name, f"{server.url}/{name}", hashlib.sha256(BODY).hexdigest()[:8])


def never() -> bool:
    return False


def nothing(done: int, total: int) -> None:
    pass


def bring(server: FileServer, target: Path) -> None:
    download(wanted(server), target, nothing, never)


def left(target: Path) -> set[str]:
    """What lies there, but for the lock that stays."""
    return {path.name for path in target.parent.iterdir() if path.suffix != ".lock"}


def test_a_file_comes_whole_and_progress_is_told(server: FileServer, target: Path) -> None:
    told: list[tuple[int, int]] = []
    download(wanted(server), target, lambda done, total: told.append((done, total)), never)
    assert target.read_bytes() == BODY
    assert told[-1] == (len(BODY), len(BODY))
    assert told == sorted(told)
    assert not partial_path(target).exists()


def test_a_file_that_is_there_is_not_asked_for(server: FileServer, target: Path) -> None:
    target.write_bytes(BODY)
    bring(server, target)
    assert server.requests == []


@pytest.mark.parametrize("damage", [BODY[:-1], BODY + b"x", b"", b"\0" + BODY[1:]])
def test_a_damaged_file_is_fetched_anew(server: FileServer, target: Path, damage: bytes) -> None:
    target.write_bytes(damage)
    bring(server, target)
    assert target.read_bytes() == BODY


def test_what_breaks_off_goes_on_by_itself(server: FileServer, target: Path) -> None:
    server.cut_after_bytes = 400_000
    bring(server, target)
    assert target.read_bytes() == BODY
    assert [span for _, span in server.requests] == [None, "bytes=400000-", "bytes=800000-", "bytes=1200000-"]


def test_a_server_that_only_breaks_off_is_left_and_what_came_is_kept(server: FileServer, target: Path) -> None:
    server.cut_after_bytes, server.supports_ranges = 400_000, False
    with pytest.raises(ModelUnavailableError, match="broke off"):
        bring(server, target)
    assert partial_path(target).read_bytes() == BODY[:400_000]
    assert not target.exists()
    server.cut_after_bytes, server.supports_ranges = None, True
    server.requests.clear()
    bring(server, target)
    assert target.read_bytes() == BODY
    assert server.requests == [(f"/{NAME}", "bytes=400000-")]


def test_a_server_without_ranges_gives_the_whole_again(server: FileServer, target: Path) -> None:
    partial_path(target).write_bytes(BODY[:1000])
    server.supports_ranges = False
    bring(server, target)
    assert target.read_bytes() == BODY


def test_a_part_that_is_whole_already_is_only_verified(server: FileServer, target: Path) -> None:
    partial_path(target).write_bytes(BODY)
    bring(server, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("part", [b"something else", BODY + b"more", b"\0" * len(BODY)])
def test_a_part_of_something_else_is_thrown_away(server: FileServer, target: Path, part: bytes) -> None:
    partial_path(target).write_bytes(part)
    bring(server, target)
    assert target.read_bytes() == BODY


def test_another_content_is_refused_and_thrown_away(server: FileServer, target: Path) -> None:
    server.files[NAME] = b"<html>Log in to this network first"
    with pytest.raises(ModelUnavailableError, match="damaged"):
        bring(server, target)
    assert left(target) == set()


def test_a_file_of_unknown_length_comes_too(server: FileServer, target: Path) -> None:
    server.sends_length = False
    told: list[tuple[int, int]] = []
    download(wanted(server), target, lambda done, total: told.append((done, total)), never)
    assert target.read_bytes() == BODY
    assert {total for _, total in told} == {0}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_what_the_server_says_is_told(server: FileServer, target: Path, status: int) -> None:
    server.forced_status = status
    with pytest.raises(ModelUnavailableError, match=f"could not be downloaded .*{status}"):
        bring(server, target)
    assert left(target) == set()


def test_no_server_is_told(target: Path) -> None:
    with FileServer() as server:
        file = wanted(server)
    with pytest.raises(ModelUnavailableError, match=r"refused the connection.*Try again when you are online"):
        download(file, target, nothing, never)
    assert left(target) == set()


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "http://nowhere.invalid/weights.th", "http://[::1/x", "gopher://x"]
)
def test_an_address_that_leads_nowhere_is_told(target: Path, url: str) -> None:
    with pytest.raises(ModelUnavailableError, match="could not be downloaded"):
        download(WeightsFile(NAME, url, "00"), target, nothing, never)


@pytest.mark.parametrize("hello", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"])
def test_a_server_that_falls_silent_is_left(target: Path, monkeypatch: pytest.MonkeyPatch, hello: bytes) -> None:
    monkeypatch.setattr(module, "_STALL_TIMEOUT_S", 0.2)
    with ExitStack() as open_ones, socket.create_server(("127.0.0.1", 0)) as silent:

        def answer() -> None:
            for _ in range(2 if hello else 1):
                connection, _ = silent.accept()
                open_ones.enter_context(connection)
                connection.sendall(hello)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{NAME}"
        with pytest.raises(ModelUnavailableError, match="does not answer"):
            download(WeightsFile(NAME, url, "00"), target, nothing, never)
        thread.join()


def test_cancelling_keeps_what_came(server: FileServer, target: Path) -> None:
    asked = iter([False, False, True])
    with pytest.raises(CancelledError):
        download(wanted(server), target, nothing, lambda: next(asked))
    kept = partial_path(target).read_bytes()
    assert kept == BODY[: len(kept)]
    bring(server, target)
    assert target.read_bytes() == BODY


def test_cancelling_beforehand_asks_nobody(server: FileServer, target: Path) -> None:
    with pytest.raises(CancelledError):
        download(wanted(server), target, nothing, lambda: True)
    assert server.requests == []


def test_the_second_one_waits_for_the_first(server: FileServer, target: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def pause(sent: int) -> None:
        if sent:
            begun.set()
            go_on.wait(20)

    server.before_chunk = pause
    first = threading.Thread(target=bring, args=(server, target))
    first.start()
    assert begun.wait(20)
    asked_to_stop = threading.Event()

    def waiting() -> bool:
        go_on.set()
        asked_to_stop.set()
        return False

    download(wanted(server), target, nothing, waiting)
    first.join()
    assert asked_to_stop.is_set()
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1


def test_waiting_for_another_can_be_cancelled_and_ends_when_it_does_not_get_on(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FileLock(target.with_name(target.name + ".lock"))
    assert lock.acquire()
    with pytest.raises(CancelledError):
        download(wanted(server), target, nothing, lambda: True)
    monkeypatch.setattr(module, "_STALL_TIMEOUT_S", 0.1)
    with pytest.raises(ModelUnavailableError, match="already"):
        bring(server, target)
    lock.release()
    assert server.requests == []


def test_two_processes_at_once_make_one_whole_file(server: FileServer, target: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_bring_from, args=(wanted(server), target)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1


def _bring_from(file: WeightsFile, target: Path) -> None:
    download(file, target, nothing, never)


def test_no_place_to_store_it_is_told(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be stored"):
        download(wanted(server), tmp_path / "missing" / NAME, nothing, never)
    (tmp_path / f"{NAME}.part").mkdir()
    with pytest.raises(StorageError, match="could not be stored"):
        bring(server, tmp_path / NAME)


def test_a_disk_that_gets_full_is_told(server: FileServer, target: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(StorageError, match="could not be stored"):
            bring(server, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not target.exists()
