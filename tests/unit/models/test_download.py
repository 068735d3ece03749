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


def weights_file(server: FileServer, name: str = NAME) -> WeightsFile:
    return WeightsFile(name, f"{server.url}/{name}", hashlib.sha256(BODY).hexdigest()[:8])


def never() -> bool:
    return False


def ignore_progress(done: int, total: int) -> None:
    pass


def fetch(server: FileServer, target: Path) -> None:
    download(weights_file(server), target, ignore_progress, never)


def remaining_files(target: Path) -> set[str]:
    """Return the names of the files in the target's folder, except the lock file."""
    return {path.name for path in target.parent.iterdir() if path.suffix != ".lock"}


def test_file_is_downloaded_completely_and_progress_is_reported(server: FileServer, target: Path) -> None:
    reports: list[tuple[int, int]] = []
    download(weights_file(server), target, lambda done, total: reports.append((done, total)), never)
    assert target.read_bytes() == BODY
    assert reports[-1] == (len(BODY), len(BODY))
    assert reports == sorted(reports)
    assert not partial_path(target).exists()


def test_request_headers_reveal_nothing_but_the_name_of_the_app(server: FileServer, target: Path) -> None:
    fetch(server, target)
    (headers,) = server.request_headers
    assert headers.pop("Host") in server.url
    assert headers == {"User-Agent": "Unbraid", "Accept-Encoding": "identity", "Connection": "close"}


def test_existing_file_is_not_requested(server: FileServer, target: Path) -> None:
    target.write_bytes(BODY)
    fetch(server, target)
    assert server.requests == []


@pytest.mark.parametrize(
    "damage",
    [BODY[:-1], BODY + b"x", b"", b"\0" + BODY[1:]],
    ids=["too short", "too long", "empty", "first byte changed"],
)
def test_damaged_file_is_downloaded_again(server: FileServer, target: Path, damage: bytes) -> None:
    target.write_bytes(damage)
    fetch(server, target)
    assert target.read_bytes() == BODY


def test_interrupted_download_resumes_by_itself(server: FileServer, target: Path) -> None:
    server.cut_after_bytes = 400_000
    fetch(server, target)
    assert target.read_bytes() == BODY
    assert [span for _, span in server.requests] == [None, "bytes=400000-", "bytes=800000-", "bytes=1200000-"]


def test_download_without_progress_is_given_up_and_its_partial_file_is_kept(server: FileServer, target: Path) -> None:
    server.cut_after_bytes, server.supports_ranges = 400_000, False
    with pytest.raises(ModelUnavailableError, match="was lost"):
        fetch(server, target)
    assert partial_path(target).read_bytes() == BODY[:400_000]
    assert not target.exists()
    server.cut_after_bytes, server.supports_ranges = None, True
    server.requests.clear()
    fetch(server, target)
    assert target.read_bytes() == BODY
    assert server.requests == [(f"/{NAME}", "bytes=400000-")]


def test_server_without_ranges_sends_the_whole_file_again(server: FileServer, target: Path) -> None:
    partial_path(target).write_bytes(BODY[:1000])
    server.supports_ranges = False
    fetch(server, target)
    assert target.read_bytes() == BODY


def test_complete_partial_file_is_accepted(server: FileServer, target: Path) -> None:
    partial_path(target).write_bytes(BODY)
    fetch(server, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "content", [b"something else", BODY + b"more", b"\0" * len(BODY)], ids=["other content", "too long", "zeros"]
)
def test_partial_file_with_other_content_is_discarded(server: FileServer, target: Path, content: bytes) -> None:
    partial_path(target).write_bytes(content)
    fetch(server, target)
    assert target.read_bytes() == BODY


def test_wrong_content_is_refused_and_discarded(server: FileServer, target: Path) -> None:
    server.files[NAME] = b"<html>Log in to this network first"
    with pytest.raises(ModelUnavailableError, match="damaged"):
        fetch(server, target)
    assert remaining_files(target) == set()


def test_file_of_unknown_length_is_downloaded(server: FileServer, target: Path) -> None:
    server.sends_length = False
    reports: list[tuple[int, int]] = []
    download(weights_file(server), target, lambda done, total: reports.append((done, total)), never)
    assert target.read_bytes() == BODY
    assert {total for _, total in reports} == {0}


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_error_status_of_the_server_is_reported(server: FileServer, target: Path, status: int) -> None:
    server.forced_status = status
    with pytest.raises(ModelUnavailableError, match=f"could not be downloaded .*{status}"):
        fetch(server, target)
    assert remaining_files(target) == set()


def test_refused_connection_is_reported(target: Path) -> None:
    with FileServer() as server:
        file = weights_file(server)
    with pytest.raises(ModelUnavailableError, match=r"refused the connection.*Try again when you are online"):
        download(file, target, ignore_progress, never)
    assert remaining_files(target) == set()


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "http://nowhere.invalid/weights.th", "http://[::1/x", "gopher://x"]
)
def test_invalid_or_unreachable_url_is_reported(target: Path, url: str) -> None:
    with pytest.raises(ModelUnavailableError, match="could not be downloaded"):
        download(WeightsFile(NAME, url, "00"), target, ignore_progress, never)


@pytest.mark.parametrize(
    "response",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"],
    ids=["no response", "half a response"],
)
def test_server_that_stops_sending_times_out(target: Path, monkeypatch: pytest.MonkeyPatch, response: bytes) -> None:
    monkeypatch.setattr(module, "_STALL_TIMEOUT_S", 0.2)
    with ExitStack() as connections, socket.create_server(("127.0.0.1", 0)) as silent:

        def respond() -> None:
            for _ in range(2 if response else 1):
                connection, _ = silent.accept()
                connections.enter_context(connection)
                connection.sendall(response)

        thread = threading.Thread(target=respond, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{NAME}"
        with pytest.raises(ModelUnavailableError, match="does not answer"):
            download(WeightsFile(NAME, url, "00"), target, ignore_progress, never)
        thread.join()


def test_cancelled_download_keeps_the_received_bytes(server: FileServer, target: Path) -> None:
    cancel_replies = iter([False, False, True])
    with pytest.raises(CancelledError):
        download(weights_file(server), target, ignore_progress, lambda: next(cancel_replies))
    kept = partial_path(target).read_bytes()
    assert kept == BODY[: len(kept)]
    fetch(server, target)
    assert target.read_bytes() == BODY


def test_download_cancelled_beforehand_sends_no_request(server: FileServer, target: Path) -> None:
    with pytest.raises(CancelledError):
        download(weights_file(server), target, ignore_progress, lambda: True)
    assert server.requests == []


def test_second_download_waits_for_the_first(server: FileServer, target: Path) -> None:
    started, resume = threading.Event(), threading.Event()

    def pause(sent: int) -> None:
        if sent:
            started.set()
            resume.wait(20)

    server.before_chunk = pause
    first = threading.Thread(target=fetch, args=(server, target))
    first.start()
    assert started.wait(20)
    polled = threading.Event()

    def is_cancelled() -> bool:
        resume.set()
        polled.set()
        return False

    download(weights_file(server), target, ignore_progress, is_cancelled)
    first.join()
    assert polled.is_set()
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1


def test_waiting_for_another_download_can_be_cancelled_and_times_out_without_progress(
    server: FileServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FileLock(target.with_name(target.name + ".lock"))
    assert lock.acquire()
    with pytest.raises(CancelledError):
        download(weights_file(server), target, ignore_progress, lambda: True)
    monkeypatch.setattr(module, "_STALL_TIMEOUT_S", 0.1)
    with pytest.raises(ModelUnavailableError, match="Another download"):
        fetch(server, target)
    lock.release()
    assert server.requests == []


def test_two_concurrent_processes_download_the_file_once(server: FileServer, target: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_download, args=(weights_file(server), target)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert target.read_bytes() == BODY
    assert len(server.requests) == 1


def _download(file: WeightsFile, target: Path) -> None:
    download(file, target, ignore_progress, never)


def test_target_that_cannot_be_written_is_reported(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be stored"):
        download(weights_file(server), tmp_path / "missing" / NAME, ignore_progress, never)
    (tmp_path / f"{NAME}.part").mkdir()
    with pytest.raises(StorageError, match="could not be stored"):
        fetch(server, tmp_path / NAME)


def test_full_disk_is_reported(server: FileServer, target: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(StorageError, match="could not be stored"):
            fetch(server, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert not target.exists()
