"""Failure kinds: transient, permanent or out of memory, for errors that libraries really raise."""

import errno
import os
import resource
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import redis
import soundfile
from kombu import Connection
from kombu.exceptions import OperationalError
from sqlalchemy import create_engine, event, exc, text

from desktop.errors import CancelledError, StorageError, UnusableTrackError
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.tasks.outcomes import MAX_RETRIES, FailureKind, classify_failure, retry_delay
from desktop.text.message import verbatim
from tests.helpers.command import ROOT


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    "number",
    [errno.EAGAIN, errno.EINTR, errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.ECONNREFUSED, errno.ECONNRESET,
     errno.EPIPE, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ESTALE, errno.EMFILE],
)  # fmt: skip
def test_errno_of_a_busy_or_unreachable_resource_is_transient(number: int) -> None:
    assert classify_failure(os_error(number)) is FailureKind.TRANSIENT


@pytest.mark.parametrize(
    "number",
    [errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EISDIR, errno.ENOTDIR,
     errno.ENAMETOOLONG, errno.EFBIG, errno.EINVAL, errno.ENODEV],
)  # fmt: skip
def test_errno_of_a_missing_full_or_forbidden_resource_is_permanent(number: int) -> None:
    assert classify_failure(os_error(number)) is FailureKind.PERMANENT


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), InterruptedError()])
def test_transient_os_error_class_without_errno_is_transient(error: OSError) -> None:
    assert classify_failure(error) is FailureKind.TRANSIENT


def test_os_error_without_errno_is_permanent() -> None:
    assert classify_failure(OSError("a sentence")) is FailureKind.PERMANENT


def test_storage_error_is_classified_by_its_cause() -> None:
    with pytest.raises(StorageError) as full:
        raise StorageError(verbatim("The disk is full.")) from os_error(errno.ENOSPC)
    with pytest.raises(StorageError) as busy:
        raise StorageError(verbatim("The disk did not answer.")) from os_error(errno.EIO)
    assert (classify_failure(full.value), classify_failure(busy.value)) == (
        FailureKind.PERMANENT,
        FailureKind.TRANSIENT,
    )
    assert classify_failure(StorageError(verbatim("There is not enough room."))) is FailureKind.PERMANENT


def test_unusable_track_is_permanent_whatever_its_cause() -> None:
    with pytest.raises(UnusableTrackError) as damaged:
        raise UnusableTrackError(verbatim("It is damaged.")) from os_error(errno.EIO)  # FFmpeg's error for damaged data
    assert classify_failure(damaged.value) is FailureKind.PERMANENT


def test_libsndfile_error_for_a_damaged_or_missing_file_is_permanent(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(b"fLaC" + bytes(100))
    for path in (damaged, tmp_path / "missing.flac"):
        with pytest.raises(soundfile.LibsndfileError) as raised:
            soundfile.SoundFile(path)
        assert isinstance(raised.value, RuntimeError)
        assert classify_failure(raised.value) is FailureKind.PERMANENT


def test_unreachable_redis_is_transient_and_a_refusal_is_permanent(tmp_path: Path) -> None:
    with pytest.raises(redis.ConnectionError) as unreachable:
        redis.Redis(unix_socket_path=str(tmp_path / "nowhere.sock")).ping()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = redis.Redis(port=silent.getsockname()[1], socket_timeout=0.05, retry=None)
        with pytest.raises(redis.TimeoutError) as timed_out:
            client.ping()
    for error in (unreachable.value, timed_out.value):
        assert not isinstance(error, OSError)
        assert classify_failure(error) is FailureKind.TRANSIENT
    assert classify_failure(redis.AuthenticationError("WRONGPASS")) is FailureKind.PERMANENT
    assert classify_failure(redis.ResponseError("unknown command")) is FailureKind.PERMANENT


def test_unreachable_broker_is_transient(tmp_path: Path) -> None:
    url = f"redis+socket://{tmp_path / 'nowhere.sock'}"
    with Connection(url) as connection, pytest.raises(OperationalError) as unreachable:
        connection.ensure_connection(max_retries=0, reraise_as_library_errors=True, timeout=0.1)
    assert classify_failure(unreachable.value) is FailureKind.TRANSIENT


def test_storage_error_of_a_busy_database_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.jobs.database._BUSY_TIMEOUT_MS", 50)
    home = Home(tmp_path).create_folders()
    store = JobStore(home)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="busy") as raised:
            store.set_queue_paused(True)
    assert classify_failure(raised.value) is FailureKind.TRANSIENT


def test_full_or_read_only_database_is_permanent(tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 1").close())
    with pytest.raises(exc.OperationalError) as full, engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (name)"))
    engine.dispose()
    read_only = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with closing(read_only), pytest.raises(sqlite3.OperationalError) as refused:
        read_only.execute("CREATE TABLE more (name)")
    assert "full" in str(full.value)
    assert classify_failure(full.value) is FailureKind.PERMANENT
    assert classify_failure(refused.value) is FailureKind.PERMANENT


def test_programming_error_or_cancellation_is_permanent() -> None:
    for error in (KeyError("stems"), RuntimeError("a shape does not fit"), CancelledError(verbatim("Stopped."))):
        assert classify_failure(error) is FailureKind.PERMANENT


def test_out_of_memory_is_recognized_in_every_form() -> None:
    with pytest.raises(MemoryError) as numpy_error:
        np.empty(1 << 50)
    assert classify_failure(numpy_error.value) is FailureKind.OUT_OF_MEMORY
    assert classify_failure(os_error(errno.ENOMEM)) is FailureKind.OUT_OF_MEMORY
    assert classify_failure(RuntimeError("Exception from src/inference: std::bad_alloc")) is FailureKind.OUT_OF_MEMORY
    with pytest.raises(StorageError) as wrapped:
        raise StorageError(verbatim("It could not be written: Cannot allocate memory.")) from os_error(errno.ENOMEM)
    assert classify_failure(wrapped.value) is FailureKind.OUT_OF_MEMORY


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="this system does not limit memory")
def test_torch_out_of_memory_is_recognized_on_cpu_and_gpu() -> None:
    script = """
import resource, torch
from desktop.tasks.outcomes import classify_failure
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
try:
    torch.empty(7 << 30, dtype=torch.uint8)
except RuntimeError as error:
    print(type(error).__name__, classify_failure(error).value)
print(classify_failure(torch.OutOfMemoryError("CUDA out of memory.")).value)
"""
    output = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output.split("\n")[:2] == ["RuntimeError out of memory", "out of memory"]


def test_retry_delays_grow_and_vary_up_to_ten_minutes() -> None:
    delays = [[retry_delay(retry) for _ in range(50)] for retry in range(MAX_RETRIES)]
    for before, after in pairwise(delays):
        assert max(before) < min(after)
    assert all(len(set(values)) > 40 for values in delays)
    assert 300 <= min(retry_delay(20) for _ in range(50)) <= max(retry_delay(20) for _ in range(50)) <= 600
