"""The update check, at a real server with valid and forged feeds."""

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

CURRENT_VERSION = "1.2.0"


@pytest.fixture
def publisher() -> Generator[Publisher]:
    with running_publisher("1.3.0") as publisher:
        yield publisher


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


def check_next_day(publisher: Publisher, home: Home) -> Release | None:
    """Check as on the next day, when a check is due again."""
    change_update_state(home, asked=0.0)
    return check_for_update(publisher.source, home, CURRENT_VERSION)


def assert_refused(publisher: Publisher, home: Home, message: str) -> None:
    with pytest.raises(UpdateError, match=message):
        check_next_day(publisher, home)
    assert load_update_state(home).newest == ""


def test_newer_version_is_found(publisher: Publisher, home: Home) -> None:
    assert check_for_update(publisher.source, home, CURRENT_VERSION) == Release("1.3.0", RELEASE_PAGE)
    assert publisher.requested_paths == [NAME, SIGNATURE_NAME]


@pytest.mark.parametrize("version", ["1.2.0", "1.2", "1.1.9", "1.2.0rc1", "0.9"])
def test_version_that_is_not_newer_is_not_reported(publisher: Publisher, home: Home, version: str) -> None:
    publisher.publish(version)
    assert check_for_update(publisher.source, home, CURRENT_VERSION) is None


def test_feed_is_fetched_at_most_once_a_day(publisher: Publisher, home: Home) -> None:
    check_for_update(publisher.source, home, CURRENT_VERSION)
    assert check_for_update(publisher.source, home, CURRENT_VERSION) is None
    assert len(publisher.requested_paths) == 2
    assert check_next_day(publisher, home)
    assert len(publisher.requested_paths) == 4


def test_failed_check_is_not_repeated_on_the_same_day(publisher: Publisher, home: Home) -> None:
    publisher.server.forced_status = 500
    with pytest.raises(UpdateError):
        check_for_update(publisher.source, home, CURRENT_VERSION)
    publisher.server.forced_status = None
    assert check_for_update(publisher.source, home, CURRENT_VERSION) is None
    assert publisher.requested_paths == [NAME]


def test_feed_is_not_fetched_if_the_update_state_cannot_be_saved(publisher: Publisher, home: Home) -> None:
    home.update_state.mkdir()
    with pytest.raises(UpdateError, match="could not be saved"):
        check_for_update(publisher.source, home, CURRENT_VERSION)
    assert publisher.requested_paths == []


def test_check_is_due_if_the_last_one_is_in_the_future_or_a_day_ago() -> None:
    assert UpdateState(asked=1000.0).is_due(999.0)
    assert not UpdateState(asked=1000.0).is_due(1000.0 + CHECK_INTERVAL_S - 1)
    assert UpdateState(asked=1000.0).is_due(1000.0 + CHECK_INTERVAL_S)


def test_feed_signed_with_another_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey.generate())
    assert_refused(publisher, home, "made with another key")


def test_forged_feed_with_the_id_of_the_right_key_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.upload(publisher.server.files[NAME], SigningKey(publisher.key.id, SigningKey.generate().key))
    assert_refused(publisher, home, "does not match the content")


def test_tampered_feed_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[NAME] = publisher.server.files[NAME].replace(b"example.org", b"example.com")
    assert_refused(publisher, home, "does not match the content")


def test_tampered_trusted_comment_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE_NAME] = publisher.server.files[SIGNATURE_NAME].replace(b"file:", b"pile:")
    assert_refused(publisher, home, "does not match the trusted comment")


@pytest.mark.parametrize("name", [NAME, SIGNATURE_NAME])
def test_truncated_feed_or_signature_is_refused(publisher: Publisher, home: Home, name: str) -> None:
    complete = publisher.server.files[name]
    for length in (0, 1, len(complete) // 2, len(complete) - 2):
        publisher.server.files[name] = complete[:length]
        assert_refused(publisher, home, "did not verify")
    publisher.server.files[name] = complete
    publisher.server.cut_after_bytes = len(complete) // 2
    assert_refused(publisher, home, "did not verify")


def test_undecodable_signature_is_refused(publisher: Publisher, home: Home) -> None:
    publisher.server.files[SIGNATURE_NAME] = b"\xff\xfe"
    assert_refused(publisher, home, "did not verify")


def test_feed_without_a_signature_is_refused(publisher: Publisher, home: Home) -> None:
    del publisher.server.files[SIGNATURE_NAME]
    assert_refused(publisher, home, "404")


def test_old_feed_is_refused_after_a_newer_one(publisher: Publisher, home: Home) -> None:
    old = dict(publisher.server.files)
    publisher.publish("1.4.0")
    assert check_next_day(publisher, home) == Release("1.4.0", RELEASE_PAGE)
    publisher.server.files = old
    with pytest.raises(UpdateError, match=r"outdated: it announces 1\.3\.0, an earlier one announced 1\.4\.0"):
        check_next_day(publisher, home)
    publisher.publish("1.4.1")
    assert check_next_day(publisher, home) == Release("1.4.1", RELEASE_PAGE)


def test_dismissed_version_is_not_reported_again_but_the_next_one_is(publisher: Publisher, home: Home) -> None:
    change_update_state(home, dismissed="1.3.0")
    assert check_next_day(publisher, home) is None
    publisher.publish("1.3.1")
    assert check_next_day(publisher, home) == Release("1.3.1", RELEASE_PAGE)


@pytest.mark.parametrize(
    "saved", [b"", b"[]", b"\xff", b'{"asked": "x", "newest": 3, "dismissed": null}', b'{"newest": "?"}']
)
def test_damaged_update_state_is_ignored(publisher: Publisher, home: Home, saved: bytes) -> None:
    home.update_state.write_bytes(saved)
    assert check_for_update(publisher.source, home, CURRENT_VERSION) == Release("1.3.0", RELEASE_PAGE)


@pytest.mark.parametrize(
    "content",
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
def test_malformed_feed_with_a_valid_signature_is_refused(publisher: Publisher, home: Home, content: bytes) -> None:
    publisher.upload(content)
    assert_refused(publisher, home, "The update feed")


def test_unknown_keys_of_the_feed_are_ignored() -> None:
    assert parse_feed(json.dumps({"version": "v2.0", "page": RELEASE_PAGE, "news": {}}).encode()) == Release(
        "2.0", RELEASE_PAGE
    )


def test_versions_are_compared_as_numbers() -> None:
    assert is_newer("1.10", "1.9")
    assert is_newer("1.3", "")
    assert not is_newer("1.3", "1.3.0")
    assert not is_newer("", "1.3")


def test_feed_config_needs_both_url_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resources", lambda: tmp_path)
    for feed, key, is_complete in (
        ("", "", False),
        ("https://x", "", False),
        ("", "RW", False),
        ("https://x", "RW", True),
    ):
        (tmp_path / "updates.toml").write_text(f'feed = "{feed}"\nkey = "{key}"\n')
        assert load_feed_config() == (FeedConfig("https://x", "RW") if is_complete else None)


def test_shipped_feed_config_has_an_https_url_and_a_valid_key() -> None:
    config = load_feed_config()
    if config:
        assert config.feed_url.startswith("https://")
        PublicKey.parse(config.public_key)
