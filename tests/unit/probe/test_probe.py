"""The probe process reads tags and covers; when it crashes, it is replaced and the application keeps running."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from desktop.audio import tags
from desktop.audio.tags import Tags
from desktop.jobs.model import JobState
from desktop.jobs.service import JobService
from desktop.jobs.store import JobStore
from desktop.paths import Home
from desktop.probe import client
from desktop.probe.client import ProbeClient
from desktop.runtime.processes import own_command, own_environment
from tests.helpers.library import wait_until, write_song
from tests.helpers.shared import FIXTURES
from tests.helpers.window import RecordingQueue

SONG = FIXTURES / "formats" / "image.mp3"
# Speaks the real protocol, and has operations that do what no file should be able to cause.
SERVER = """
import ctypes, os, time
from desktop.probe.server import serve

def echo(text):
    return {"text": text, "pid": os.getpid()}, text.encode() * 1000

serve({
    "echo": echo,
    "tags": lambda path: ctypes.string_at(0),
    "crash": lambda: ctypes.string_at(0),
    "print": lambda: (ctypes.CDLL(None).puts(b"Ooops!"), echo("b"))[1],
    "hang": lambda: ctypes.CDLL(None).pause(),
    "fill": lambda: ({}, bytes(4 << 30)),
    "write": lambda path: open(path, "wb", buffering=0).write(b"something"),
}, request_timeout=LIMIT, idle_timeout=IDLE)
"""


def start_probe(limit: float = 20.0, idle: float = 60.0) -> ProbeClient:
    program = SERVER.replace("LIMIT", str(limit)).replace("IDLE", str(idle))
    return ProbeClient([sys.executable, "-c", program], own_environment())


class NullEvents:
    def emit(self, event: object) -> None:
        """Discard the event."""


@pytest.fixture
def probe() -> Iterator[ProbeClient]:
    probe_client = start_probe()
    yield probe_client
    probe_client.close()


def pid_of(probe: ProbeClient) -> int:
    response = probe.request("echo", text="a")
    assert response is not None
    return response[0]["pid"]


def test_response_has_fields_and_bytes(probe: ProbeClient) -> None:
    response = probe.request("echo", text="ä\n")
    assert response is not None
    assert response[0]["text"] == "ä\n"
    assert response[1] == "ä\n".encode() * 1000


def test_one_child_process_answers_all_requests(probe: ProbeClient) -> None:
    assert pid_of(probe) == pid_of(probe) != os.getpid()


@pytest.mark.parametrize(
    "operation", ["crash", "fill", "what nobody knows"], ids=["crash", "out of memory", "unknown operation"]
)
def test_child_that_dies_during_a_request_is_replaced(probe: ProbeClient, operation: str) -> None:
    before = pid_of(probe)
    assert probe.request(operation) is None
    assert pid_of(probe) != before
    assert not psutil.pid_exists(before)


def test_output_printed_by_a_library_is_not_part_of_the_response(probe: ProbeClient) -> None:
    for _ in range(2):
        response = probe.request("print")
        assert response is not None
        assert response[0]["text"] == "b"


def test_native_crash_is_logged_with_its_signal(probe: ProbeClient, caplog: pytest.LogCaptureFixture) -> None:
    assert probe.request("crash") is None
    assert "status -11" in caplog.text


def test_child_that_does_not_respond_exits_at_its_time_limit() -> None:
    probe = start_probe(limit=0.3)
    before = pid_of(probe)
    assert probe.request("hang") is None
    assert pid_of(probe) != before
    probe.close()


def test_idle_child_exits_and_the_next_request_starts_another() -> None:
    probe = start_probe(idle=0.3)
    before = pid_of(probe)
    wait_until(lambda: psutil.Process(before).status() == psutil.STATUS_ZOMBIE)
    assert pid_of(probe) != before
    probe.close()


def test_child_cannot_write_files(probe: ProbeClient, tmp_path: Path) -> None:
    assert probe.request("write", path=str(tmp_path / "file")) is None
    assert not (tmp_path / "file").stat().st_size


def test_request_returns_none_if_the_child_cannot_be_started(tmp_path: Path) -> None:
    assert ProbeClient([str(tmp_path / "missing")], {}).request("echo", text="a") is None


def test_concurrent_requests_get_their_own_responses(probe: ProbeClient) -> None:
    texts = [str(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda text: probe.request("echo", text=text), texts))
    assert [response and response[0]["text"] for response in responses] == texts


def test_child_exits_when_its_parent_is_killed() -> None:
    script = (
        "from desktop.probe.client import read_tags; from pathlib import Path; import os, psutil;"
        "read_tags(Path('x')); print(psutil.Process().children()[0].pid, flush=True); os.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", script], env=own_environment(), capture_output=True, check=False)
    wait_until(lambda: not psutil.pid_exists(int(run.stdout)))


@pytest.mark.skipif(not SONG.exists(), reason="the fixtures are not beside this checkout")
def test_probe_returns_the_tags_of_a_file_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    track = tmp_path / os.fsdecode(b"latin1_\xe9.mp3") if os.name != "nt" else tmp_path / "song.mp3"
    track.write_bytes(SONG.read_bytes())
    found = client.read_tags(track)
    assert found == tags.read_tags(SONG)
    assert found.cover


@contextmanager
def new_children() -> Iterator[list[psutil.Process]]:
    """Yield a list that receives the child processes started in the block."""
    before = set(psutil.Process().children())
    found: list[psutil.Process] = []
    yield found
    found += set(psutil.Process().children()) - before


def test_child_loads_no_qt_torch_or_numpy_and_ffmpeg_only_for_a_picture(tmp_path: Path) -> None:
    probe = ProbeClient(own_command("probe"), own_environment())
    with new_children() as children:
        assert probe.request("tags", path=str(tmp_path / "missing")) is not None
    (child,) = children
    libraries = {Path(mapping.path).name.lower() for mapping in child.memory_maps()}
    assert not [name for name in libraries if any(part in name for part in ("qt6", "torch", "avcodec", "numpy"))]
    assert probe.request("picture", path=str(tmp_path / "missing"), side=10) == ({}, b"")
    assert any("avcodec" in mapping.path for mapping in child.memory_maps())
    probe.close()


def test_child_environment_contains_no_library_path_and_no_redis_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "a word")
    client.shared_probe.cache_clear()
    with new_children() as children:
        assert client.read_tags(Path("missing")) == Tags()
    environment = children[0].environ()
    assert not [name for name in environment if name.startswith(("UNBRAID_", "REDIS_"))]


def test_track_whose_tags_crash_the_probe_is_added_without_tags(
    probe: ProbeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "shared_probe", lambda: probe)
    home = Home(tmp_path / "library").create_folders()
    service = JobService(home, JobStore(home), RecordingQueue(), NullEvents())
    job = service.add(write_song(tmp_path / "song.wav", 0.1))
    assert (job.state, job.title, job.artist) == (JobState.PENDING, "song", "")
    assert client.read_tags(tmp_path / "song.wav") == Tags()
