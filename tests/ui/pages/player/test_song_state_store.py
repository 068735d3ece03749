"""States of songs on disk: what a damaged file loses, and what happens if there is no room for one."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from desktop.paths import Home, JobFolder
from desktop.playback.practice import Loop
from desktop.playback.song_state import SongState
from desktop.ui.pages.player.song_loader import UNREADABLE_SUFFIX, SongStateStore
from tests.helpers.small_disk import SmallDisk, small_disk

SONG_ID, OTHER_ID = (str(UUID(int=number)) for number in (1, 2))
LOOPS = (Loop(1.0, 2.0, "Refrain"),)


class Store:
    """A store that records its notices."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root).create_folders()
        for job_id in (SONG_ID, OTHER_ID):
            self.home.job_folder(job_id).root.mkdir(exist_ok=True)
        self.store = SongStateStore(self.home)
        self.notices: list[str] = []
        self.store.on_notice = lambda message: self.notices.append(str(message))

    @property
    def folder(self) -> JobFolder:
        return self.home.job_folder(SONG_ID)

    def reopened_state(self, job_id: str = SONG_ID) -> SongState:
        return SongStateStore(self.home).load(job_id)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 4) as disk:
        yield disk


@pytest.mark.parametrize(
    "damage",
    [
        {"speed_percent": 1e6},
        {"playhead_s": -1},
        {"snapshot": "Z"},
        {"markers": [{"time_s": "now", "name": "a"}]},
        {"trainer": {"rounds_per_step": 0}},
        {"mixes": {"A": {"lanes": {"vocals": {"gain_db": 900}}}}},
    ],
)
def test_one_impossible_value_loses_nothing_else_and_the_user_is_told(
    tmp_path: Path, damage: dict[str, object]
) -> None:
    opened = Store(tmp_path)
    written = json.dumps(json.loads(SongState(loops=LOOPS).to_json()) | damage)
    opened.folder.song_state.write_text(written)
    state = opened.store.load(SONG_ID)
    assert state == SongState(loops=LOOPS)
    (notice,) = opened.notices
    assert "player.unreadable" in notice
    assert opened.folder.song_state.with_suffix(UNREADABLE_SUFFIX).read_text() == written
    opened.store.save(SONG_ID, state)
    assert opened.reopened_state() == state


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"loops": [{"start_s": 1', b"null", b"[]", b"\xff\xfe{", b'{"speed_percent": NaN}', b'{"a":' * 100_000],
)
def test_a_file_that_is_no_state_is_set_aside_and_the_user_is_told(tmp_path: Path, damage: bytes) -> None:
    opened = Store(tmp_path)
    opened.folder.song_state.write_bytes(damage)
    assert opened.store.load(SONG_ID) == SongState()
    assert len(opened.notices) == 1
    assert opened.folder.song_state.with_suffix(UNREADABLE_SUFFIX).read_bytes() == damage


def test_what_did_not_fit_on_the_disk_is_saved_with_the_next_change(disk: SmallDisk) -> None:
    opened = Store(disk.mount_point)
    disk.fill()
    for _ in range(3):
        opened.store.save(SONG_ID, SongState(loops=LOOPS))
    assert opened.notices == [
        "Loops, mixes and other changes in the player cannot be saved: the disk is full. Free up space on the disk."
    ]
    disk.empty()
    opened.store.save(OTHER_ID, SongState(speed_percent=80.0))
    assert opened.reopened_state() == SongState(loops=LOOPS)
    assert opened.reopened_state(OTHER_ID) == SongState(speed_percent=80.0)
    disk.remount("ro")
    opened.store.save(SONG_ID, SongState())
    assert "read-only" in opened.notices[-1]


def test_a_song_that_was_deleted_meanwhile_is_not_made_again_and_is_no_news(tmp_path: Path) -> None:
    opened = Store(tmp_path)
    opened.folder.root.rmdir()
    opened.store.save(SONG_ID, SongState(loops=LOOPS))
    assert not opened.folder.root.exists()
    assert opened.notices == []
