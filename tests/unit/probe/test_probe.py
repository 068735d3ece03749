"""The process in which tags and pictures are looked at: whatever it dies of, we go on."""

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
# Speaks the real protocol, and can be asked for what no file should be able to bring about.
SERVER = """
import ctypes, os, time
from desktop.probe.server import serve

def say(word):
    return {"said": word, "pid": os.getpid()}, word.encode() * 1000

serve({
    "say": say,
    "tags": lambda path: ctypes.string_at(0),
    "crash": lambda: ctypes.string_at(0),
    "print": lambda: (ctypes.CDLL(None).puts(b"Ooops!"), say("b"))[1],
    "hang": lambda: ctypes.CDLL(None).pause(),
    "fill": lambda: ({}, bytes(4 << 30)),
    "write": lambda path: open(path, "wb", buffering=0).write(b"something"),
}, request_timeout=LIMIT, idle_timeout=IDLE)
"""


def started(limit: float = 20.0, idle: float = 60.0) -> ProbeClient:
    program = SERVER.replace("LIMIT", str(limit)).replace("IDLE", str(idle))
    return ProbeClient([sys.executable, "-c", program], own_environment())


class Silent:
    def emit(self, event: object) -> None:
        """Nobody listens."""


@pytest.fixture
def probe() -> Iterator[ProbeClient]:
    made = started()
    yield made
    made.close()


def pid_of(probe: ProbeClient) -> int:
    answer = probe.request("say", word="a")
    assert answer is not None
    return answer[0]["pid"]


def test_an_answer_has_fields_and_bytes(probe: ProbeClient) -> None:
    answer = probe.request("say", word="ä\n")
    assert answer is not None
    assert answer[0]["said"] == "ä\n"
    assert answer[1] == "ä\n".encode() * 1000


def test_one_child_answers_everything(probe: ProbeClient) -> None:
    assert pid_of(probe) == pid_of(probe) != os.getpid()


@pytest.mark.parametrize("do", ["crash", "fill", "what nobody knows"])
def test_a_child_that_dies_of_a_question_is_replaced_and_we_go_on(probe: ProbeClient, do: str) -> None:
    before = pid_of(probe)
    assert probe.request(do) is None
    assert pid_of(probe) != before
    assert not psutil.pid_exists(before)


def test_what_a_library_prints_is_no_answer(probe: ProbeClient) -> None:
    for _ in range(2):
        answer = probe.request("print")
        assert answer is not None
        assert answer[0]["said"] == "b"


def test_a_native_crash_is_what_it_is_said_to_be(probe: ProbeClient, caplog: pytest.LogCaptureFixture) -> None:
    assert probe.request("crash") is None
    assert "status -11" in caplog.text


def test_a_child_that_never_answers_ends_by_itself() -> None:
    probe = started(limit=0.3)
    before = pid_of(probe)
    assert probe.request("hang") is None
    assert pid_of(probe) != before
    probe.close()


def test_a_child_that_nobody_asks_any_more_ends_and_another_answers() -> None:
    probe = started(idle=0.3)
    before = pid_of(probe)
    wait_until(lambda: psutil.Process(before).status() == psutil.STATUS_ZOMBIE)
    assert pid_of(probe) != before
    probe.close()


def test_a_child_can_write_no_file(probe: ProbeClient, tmp_path: Path) -> None:
    assert probe.request("write", path=str(tmp_path / "file")) is None
    assert not (tmp_path / "file").stat().st_size


def test_a_child_that_cannot_be_started_is_no_answer(tmp_path: Path) -> None:
    assert ProbeClient([str(tmp_path / "missing")], {}).request("say", word="a") is None


def test_everybody_gets_the_answer_to_the_own_question(probe: ProbeClient) -> None:
    words = [str(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda word: probe.request("say", word=word), words))
    assert [answer and answer[0]["said"] for answer in answers] == words


def test_the_child_ends_with_us() -> None:
    script = (
        "from desktop.probe.client import read_tags; from pathlib import Path; import os, psutil;"
        "read_tags(Path('x')); print(psutil.Process().children()[0].pid, flush=True); os.kill(os.getpid(), 9)"
    )
    said = subprocess.run([sys.executable, "-c", script], env=own_environment(), capture_output=True, check=False)
    wait_until(lambda: not psutil.pid_exists(int(said.stdout)))


@pytest.mark.skipif(not SONG.exists(), reason="the fixtures are not beside this checkout")
def test_tags_come_as_they_are_read_also_those_of_a_name_that_is_no_text(tmp_path: Path) -> None:
    named = tmp_path / os.fsdecode(b"latin1_\xe9.mp3") if os.name != "nt" else tmp_path / "song.mp3"
    named.write_bytes(SONG.read_bytes())
    found = client.read_tags(named)
    assert found == tags.read_tags(SONG)
    assert found.cover


@contextmanager
def new_child() -> Iterator[list[psutil.Process]]:
    """The child that is started meanwhile."""
    before = set(psutil.Process().children())
    found: list[psutil.Process] = []
    yield found
    found += set(psutil.Process().children()) - before


def test_the_child_knows_neither_qt_nor_torch_nor_redis_and_ffmpeg_only_for_a_picture(tmp_path: Path) -> None:
    probe = ProbeClient(own_command("probe"), own_environment())
    with new_child() as children:
        assert probe.request("tags", path=str(tmp_path / "missing")) is not None
    (child,) = children
    before = {Path(part.path).name.lower() for part in child.memory_maps()}
    assert not [name for name in before if any(word in name for word in ("qt6", "torch", "avcodec", "numpy"))]
    assert probe.request("picture", path=str(tmp_path / "missing"), side=10) == ({}, b"")
    assert any("avcodec" in part.path for part in child.memory_maps())
    probe.close()


def test_the_child_knows_neither_the_library_nor_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "a word")
    client.shared_probe.cache_clear()
    with new_child() as children:
        assert client.read_tags(Path("missing")) == Tags()
    known = children[0].environ()
    assert not [name for name in known if name.startswith(("UNBRAID_", "REDIS_"))]


def test_a_song_whose_tags_kill_their_reader_is_added_all_the_same(
    probe: ProbeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "shared_probe", lambda: probe)
    home = Home(tmp_path / "library").create_folders()
    service = JobService(home, JobStore(home), RecordingQueue(), Silent())
    job = service.add(write_song(tmp_path / "song.wav", 0.1))
    assert (job.state, job.title, job.artist) == (JobState.PENDING, "song", "")
    assert client.read_tags(tmp_path / "song.wav") == Tags()
