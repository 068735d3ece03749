"""Names of queues, keys and channels in Redis: derived from the library, or from UNBRAID_QUEUE."""

from pathlib import Path

import pytest

from desktop.errors import ConfigurationError
from desktop.paths import Home
from desktop.tasks.redis_client import redis_names


def test_two_libraries_share_no_redis_names(tmp_path: Path) -> None:
    one, two = (redis_names(Home(tmp_path / name).create_folders()) for name in ("one", "two"))
    for kind in ("queue", "draft_queue", "events_channel", "reconcile_lock_key", "control_exchange", "event_exchange"):
        assert getattr(one, kind) != getattr(two, kind)
    assert not set(one.unacked_options.values()) & set(two.unacked_options.values())


def test_libraries_with_the_same_queue_name_share_queues_and_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBRAID_QUEUE", "studio")
    one, two = (redis_names(Home(tmp_path / name).create_folders()) for name in ("one", "two"))
    assert (one.queue, one.draft_queue, one.events_channel) == (two.queue, two.draft_queue, two.events_channel)
    assert one.queue == "studio"
    assert one.library != two.library


@pytest.mark.parametrize("bad", ["two words", "a*", "x" * 101, "ü"])
def test_invalid_queue_name_is_refused_with_the_name_of_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setenv("UNBRAID_QUEUE", bad)
    with pytest.raises(ConfigurationError, match="UNBRAID_QUEUE"):
        redis_names(Home(tmp_path).create_folders())
