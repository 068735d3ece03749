"""One look for a newer version, at a real server with good and forged feeds."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

import desktop.updates.feed_config as module
from desktop.errors import UpdateError
from desktop.paths import Home
from desktop.updates.check import Release, check_for_update, is_newer, parse_feed
from desktop.updates.feed_config import FeedConfig, load_feed_config
from desktop.updates.minisign import PublicKey
from desktop.updates.state import CHECK_INTERVAL_S, UpdateState, change_update_state, load_update_state
from tests.helpers.publisher import NAME, RELEASE_PAGE, SIGNATURE_NAME, Publisher, SigningKey, running_publisher

RUNNING = "1.2.0"


@pytest.fixture
def publisher() -> Generator[Publisher]:
    with running_publisher("1.3.0") as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


def look_again(publisher: Publisher, home: Home) -> Release | None:
    """Look as on the next day."""
    change_update_state(home, asked=0.0)
    return check_for_update(publisher.source, home, RUNNING)


def refused(publisher: Publisher, home: Home, words: str) -> None:
    with pytest.raises(UpdateError, match=words):
        look_again(publisher, home)
    assert load_update_state(home).newest == ""


def test_a_newer_version_is_found(publisher: Publisher, home: Home) -> None:
    assert check_for_update(publisher.source, home, RUNNING) == Release("1.3.0", RELEASE_PAGE)
    assert publisher.requested_paths == [NAME, SIGNATURE_NAME]


@pytest.mark.parametrize("version", ["1.2.0", "1.2", "1.1.9", "1.2.0rc1", "0.9"])
def test_what_is_not_newer_is_not_told(publisher: Publisher, home: Home, version: str) -> None:
    publisher.publish(version)
    assert check_for_update(publisher.source, home, RUNNING) is None


def test_it_is_asked_once_a_day_at_most(publisher: Publisher, home: Home) -> None:
    check_for_update(publisher.source, home, RUNNING)
    assert check_for_update(publisher.source, home, RUNNING) is None
    assert len(publisher.requested_paths) == 2
    assert look_again(publisher, home)
    assert len(publisher.requested_paths) == 4


def test_a_server_in_trouble_is_not_asked_again_that_day_either(publisher: Publisher, home: Home) -> None:
    publisher.server.forced_status = 500
    with pytest.raises(UpdateError):
        check_for_update(publisher.source, home, RUNNING)
    publisher.server.forced_status = None
    assert check_for_update(publisher.source, home, RUNNING) is None
    assert publisher.requested_paths == [NAME]


def test_where_nothing_can_be_remembered_nothing_is_asked(publisher: Publisher, home: Home) -> None:
    home.update_state.with_name(home.update_state.name + ".part").mkdir()
    with pytest.raises(UpdateError, match="not saved"):
        check_for_update(publisher.source, home, RUNNING)
    assert publisher.requested_paths == []


def test_a_clock_that_was_ahead_silences_nothing() -> None:
    assert UpdateState(asked=1000.0).is_due(999.0)
    assert not UpdateState(asked=1000.0).is_due(1000.0 + CHECK_INTERVAL_S - 1)
    assert UpdateState(asked=1000.0).is_due(1000.0 + CHECK_INTERVAL_S)


def test_a_feed_signed_with_another_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey.generate())
    refused(publisher, home, "signed with another key")


def test_a_forged_feed_under_the_id_of_the_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey(publisher.key.id, SigningKey.generate().key))
    refused(publisher, home, "not of these bytes")


def test_a_tampered_feed_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[NAME] = publisher.server.files[NAME].replace(b"example.org", b"example.com")
    refused(publisher, home, "not of these bytes")


def test_a_tampered_trusted_comment_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE_NAME] = publisher.server.files[SIGNATURE_NAME].replace(b"file:", b"pile:")
    refused(publisher, home, "trusted comment was not signed")


@pytest.mark.parametrize("name", [NAME, SIGNATURE_NAME])
def test_what_breaks_off_is_refused(publisher: Publisher, home: Home, name: str) -> None:
    whole = publisher.server.files[name]
    for length in (0, 1, len(whole) // 2, len(whole) - 2):
        publisher.server.files[name] = whole[:length]
        refused(publisher, home, "was not believed")
    publisher.server.files[name] = whole
    publisher.server.cut_after_bytes = len(whole) // 2
    refused(publisher, home, "was not believed")


def test_a_signature_that_is_no_text_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE_NAME] = b"\xff\xfe"
    refused(publisher, home, "was not believed")


def test_a_missing_signature_is_no_signature(publisher: Publisher, home: Home) -> None:
    del publisher.server.files[SIGNATURE_NAME]
    refused(publisher, home, "404")


def test_an_old_feed_is_refused_after_a_newer_one(publisher: Publisher, home: Home) -> None:
    old = dict(publisher.server.files)
    publisher.publish("1.4.0")
    assert look_again(publisher, home) == Release("1.4.0", RELEASE_PAGE)
    publisher.server.files = old
    with pytest.raises(UpdateError, match=r"an old one: it names 1\.3\.0, after 1\.4\.0"):
        look_again(publisher, home)
    publisher.publish("1.4.1")
    assert look_again(publisher, home) == Release("1.4.1", RELEASE_PAGE)


def test_a_version_that_was_put_away_is_not_told_again_but_the_next_one_is(publisher: Publisher, home: Home) -> None:
    change_update_state(home, dismissed="1.3.0")
    assert look_again(publisher, home) is None
    publisher.publish("1.3.1")
    assert look_again(publisher, home) == Release("1.3.1", RELEASE_PAGE)


@pytest.mark.parametrize(
    "saved", [b"", b"[]", b"\xff", b'{"asked": "x", "newest": 3, "dismissed": null}', b'{"newest": "?"}']
)
def test_a_damaged_memory_is_forgotten(publisher: Publisher, home: Home, saved: bytes) -> None:
    home.update_state.write_bytes(saved)
    assert check_for_update(publisher.source, home, RUNNING) == Release("1.3.0", RELEASE_PAGE)


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 60_000,
        b"{}",
        b'{"version": "1.3.0"}',
        b'{"version": 13, "page": "https://example.org"}',
        b'{"version": "newest", "page": "https://example.org"}',
        b'{"version": "1.3.0", "page": "http://example.org"}',
        b'{"version": "1.3.0", "page": "file:///etc/passwd"}',
        b'{"version": "1.3.0", "page": "https://"}',
        b'{"version": "1.3.0", "page": "https://[x"}',
        b'{"version": "1.3.0", "page": "https://example.org/\\u202e"}',
        b'{"version": "1.3.0", "page": ["https://example.org"]}',
        b'{"version": "1.3.0", "page": "https://example.org/%s"}' % (b"x" * 600),
    ],
)
def test_a_signed_feed_without_sense_is_refused(publisher: Publisher, home: Home, told: bytes) -> None:
    publisher.upload(told)
    refused(publisher, home, "The list of versions")


def test_what_the_feed_says_besides_is_for_later_versions() -> None:
    assert parse_feed(json.dumps({"version": "v2.0", "page": RELEASE_PAGE, "news": {}}).encode()) == Release(
        "2.0", RELEASE_PAGE
    )


def test_versions_are_compared_as_numbers() -> None:
    assert is_newer("1.10", "1.9")
    assert is_newer("1.3", "")
    assert not is_newer("1.3", "1.3.0")
    assert not is_newer("", "1.3")


def test_a_source_needs_both_address_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resources", lambda: tmp_path)
    for feed, key, known in (("", "", False), ("https://x", "", False), ("", "RW", False), ("https://x", "RW", True)):
        (tmp_path / "updates.toml").write_text(f'feed = "{feed}"\nkey = "{key}"\n')
        assert load_feed_config() == (FeedConfig("https://x", "RW") if known else None)


def test_what_is_shipped_can_be_asked_and_can_verify() -> None:
    source = load_feed_config()
    if source:
        assert source.feed_url.startswith("https://")
        PublicKey.parse(source.public_key)
